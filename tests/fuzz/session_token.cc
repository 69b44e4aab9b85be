// The session's token as a request carries it, against a second reading of the same two headers that is plain
// and slow; and what is set as a cookie is what is read back.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "admin/site.h"
#include "tests/fuzz/require.h"

namespace {

using namespace mcpbox;

constexpr std::size_t kLongest = 2048;  // regular expressions recurse

std::optional<std::string> first_group(const std::string& text, const char* pattern) {
  std::smatch match;
  if (!std::regex_match(text, match, std::regex(pattern))) return std::nullopt;
  return match[1].str();
}

std::optional<std::string> in_cookies(const std::string& cookies) {
  std::vector<std::string> ours;
  for (std::size_t at = 0; at <= cookies.size();) {
    const std::size_t end = std::min(cookies.find(';', at), cookies.size());
    const std::string part = cookies.substr(at, end - at);
    if (const auto value = first_group(part, "[ \t]*mcpbox_session=([^]*?)[ \t]*")) ours.push_back(*value);
    at = end + 1;
  }
  return ours.size() == 1 ? first_group(ours[0], "([0-9a-f]{64})") : std::nullopt;
}

}  // namespace

// Input: a line for Authorization and one for Cookie; one that begins with '-' is not sent.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > kLongest) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string authorization(text.substr(0, text.find('\n')));
  const std::string cookies(text.substr(std::min(authorization.size() + 1, text.size())));
  http::Headers headers;
  const bool authorizes = !authorization.starts_with('-');
  const bool has_cookies = !cookies.starts_with('-');
  if (authorizes) headers.add("Authorization", authorization);
  if (has_cookies) headers.add("Cookie", cookies);

  std::optional<std::string> expected;
  if (authorizes)
    expected = first_group(authorization, "[Bb][Ee][Aa][Rr][Ee][Rr] [ \t]*([0-9a-f]{64})[ \t]*");
  else if (has_cookies)
    expected = in_cookies(cookies);
  const std::optional<admin::Token> token = admin::token_of(headers);
  fuzz::require(token.has_value() == expected.has_value());
  if (!token) return 0;
  fuzz::require(token->text == *expected && token->cookie == !authorizes);

  static const admin::Site site({.ui = "", .url = "https://box.example/m", .proxies = {}, .cors = {}});
  const std::string set = site.set_cookie(token->text, 60);
  http::Headers next;
  next.add("Cookie", set.substr(0, set.find(';')));
  const std::optional<admin::Token> again = admin::token_of(next);
  fuzz::require(again && again->cookie && again->text == token->text);
  return 0;
}
