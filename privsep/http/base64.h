// RFC 4648, strictly: no white space, no missing or surplus padding, no stray bits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mcpbox::http {

enum class Alphabet : std::uint8_t {
  kStandard,  // + and /, padded
  kUrl,       // - and _, not padded
};

[[nodiscard]] std::string base64_encode(std::string_view bytes, Alphabet alphabet);
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text, Alphabet alphabet);

}  // namespace mcpbox::http
