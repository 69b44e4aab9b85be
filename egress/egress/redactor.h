// Takes the values of sealed secrets out of what a server sends back.  A courtesy against accidents, such as
// an error page that shows the request: a server that has a value can write it in ways that nobody finds.
//
//   Redactor redactor(found);
//   child.send(redactor.take(data)); ... child.send(redactor.rest());
//
// A value is overwritten with as many asterisks, so that lengths stay true.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace mcpbox::egress {

// One form of one value, prepared for being looked for byte by byte (Knuth, Morris, Pratt).
struct Pattern {
  std::string text;
  std::vector<std::uint32_t> fallback;
  explicit Pattern(std::string text);
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;
  ~Pattern();
};
using Patterns = std::vector<std::shared_ptr<const Pattern>>;

// All forms of a value.
[[nodiscard]] Patterns patterns_of(std::string_view value);

class Redactor {
 public:
  Redactor() = default;
  explicit Redactor(const Patterns& patterns);

  // The next part of a body, without what might be the beginning of a value: that comes with a later part.
  [[nodiscard]] std::string take(std::string_view data);
  // What was kept back, at the end.
  [[nodiscard]] std::string rest();
  // A whole text.
  [[nodiscard]] static std::string whole(const Patterns& patterns, std::string_view text);

  [[nodiscard]] bool idle() const { return looking_.empty(); }

 private:
  struct Looking {
    std::shared_ptr<const Pattern> pattern;
    std::size_t matched = 0;
  };
  std::vector<Looking> looking_;
  std::string kept_;
};

}  // namespace mcpbox::egress
