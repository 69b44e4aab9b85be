// Runs in the gateways, in admin and in mcpboxctl.  Trusts nothing: the text is a client's.
#include "privsep/http/base64.h"

namespace mcpbox::http {
namespace {

constexpr std::string_view digits_of(Alphabet alphabet) {
  return alphabet == Alphabet::kUrl ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
                                    : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
}

}  // namespace

std::string base64_encode(std::string_view bytes, Alphabet alphabet) {
  const std::string_view digits = digits_of(alphabet);
  std::string out;
  std::uint32_t held = 0;
  int bits = 0;
  for (const char byte : bytes) {
    held = (held << 8) | static_cast<unsigned char>(byte);
    for (bits += 8; bits >= 6; bits -= 6) out += digits[(held >> (bits - 6)) & 63];
  }
  if (bits > 0) out += digits[(held << (6 - bits)) & 63];
  while (alphabet == Alphabet::kStandard && out.size() % 4 != 0) out += '=';
  return out;
}

std::optional<std::string> base64_decode(std::string_view text, Alphabet alphabet) {
  const std::string_view digits = digits_of(alphabet);
  std::string out;
  std::uint32_t held = 0;
  int bits = 0;
  for (const char c : text.substr(0, text.find('='))) {
    const std::size_t value = digits.find(c);
    if (value == std::string_view::npos) return std::nullopt;
    held = (held << 6) | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits >= 8) out += static_cast<char>((held >> (bits -= 8)) & 0xff);
  }
  // The only text that decodes to these bytes: this settles padding, length and unused bits at once.
  if (base64_encode(out, alphabet) != text) return std::nullopt;
  return out;
}

}  // namespace mcpbox::http
