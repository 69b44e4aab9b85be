// The ways in which a secret's value is commonly written down: to fill it in where a request needs one of
// them, and to find it again in what a server sends back.  Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mcpbox::egress {

// Everything but RFC 3986's unreserved characters, as %XX.
[[nodiscard]] std::string percent_encoded(std::string_view text);
// Sequences that are none stay as they are.
[[nodiscard]] std::string percent_decoded(std::string_view text);

[[nodiscard]] std::string base64(std::string_view bytes);
// Standard or URL alphabet, with padding or without; nothing for what is neither.
[[nodiscard]] std::optional<std::string> base64_decoded(std::string_view text);

// What stands between the quotes of a JSON string.
[[nodiscard]] std::string json_escaped(std::string_view text);

// Every text by which the value is recognised: itself, and what percent, form, JSON, HTML, hex and base64
// encoders make of it, inside something longer, too.  Short ones, which stand everywhere, are left out.
[[nodiscard]] std::vector<std::string> forms_of(std::string_view value);

}  // namespace mcpbox::egress
