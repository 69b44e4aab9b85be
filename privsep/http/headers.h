// The head of a request, as far as anybody decides by it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mcpbox::http {

enum class Method : std::uint8_t { kGet, kHead, kPost, kPut, kPatch, kDelete, kOptions, kOther };
[[nodiscard]] std::string_view name_of(Method method);

// RFC 9110 section 5: names ignore case, values lose the white space around them.
class Headers {
 public:
  void add(std::string_view name, std::string_view value);
  // The first one's value.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;
  // All values of a list header, joined by commas; empty when there is none.
  [[nodiscard]] std::string joined(std::string_view name) const;
  // The name of the first header that begins so; empty when there is none.
  [[nodiscard]] std::string_view first_with_prefix(std::string_view prefix) const;
  // Every name is a token: evhttp takes "Content-Length : 5" for a header of another name.
  [[nodiscard]] bool names_are_tokens() const;

 private:
  std::vector<std::pair<std::string, std::string>> all_;  // names in lower case
};

struct RequestHead {
  Method method = Method::kOther;
  std::string path;   // without the query
  std::string query;  // what follows the first "?", as sent
  Headers headers;
  bool http11 = true;
  std::size_t bytes = 0;  // of the request line and headers as sent
};

[[nodiscard]] std::string lower(std::string_view text);
[[nodiscard]] std::string_view trimmed(std::string_view text);

// True when this Content-Type is JSON, whatever its parameters.
[[nodiscard]] bool is_json_type(std::string_view content_type);
// True when this Accept takes `type` ("application/json"): named, or by a wildcard, and not with q=0.
[[nodiscard]] bool accepts(std::string_view accept, std::string_view type);

}  // namespace mcpbox::http
