// The query of a URL, decoded.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mcpbox::admin {

class Query {
 public:
  Query() = default;
  // Nothing when it is not well formed, not UTF-8, or names something twice.
  static std::optional<Query> parse(std::string_view text);

  [[nodiscard]] std::optional<std::string> find(std::string_view name) const;
  [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& all() const { return all_; }

 private:
  std::vector<std::pair<std::string, std::string>> all_;
};

// %XX and, in queries, "+"; nothing when an escape is broken or the result is not UTF-8 or holds a control.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space);

}  // namespace mcpbox::admin
