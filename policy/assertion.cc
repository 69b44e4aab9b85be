// Pure.  The text is put together here and nowhere else in C++.
#include "policy/assertion.h"

#include <algorithm>
#include <span>

namespace mcpbox::policy {
namespace {

// RFC 4648 section 5, without padding.
std::string base64url(std::span<const unsigned char> bytes) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::span<const unsigned char> part = bytes.subspan(i, std::min<std::size_t>(3, bytes.size() - i));
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j) bits = bits << 8 | (j < part.size() ? part[j] : 0U);
    for (std::size_t j = 0; j <= part.size(); ++j) out += kAlphabet[bits >> (18 - 6 * j) & 63U];
  }
  return out;
}

}  // namespace

bool has_controls(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x20 || c == 0x7f) return true;
    // U+0080 to U+009F.
    if (c == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) return true;
  }
  return false;
}

std::optional<std::string> text_of(const Assertion& a) {
  const std::string issued = std::to_string(a.issued_at);
  const std::string expires = std::to_string(a.expires_at);
  const std::string nonce = base64url(a.nonce);
  const std::string body = base64url(a.body);
  const std::array<std::string_view, assertion::kFields> fields{
      assertion::kForm, a.key_id, a.issuer,     a.audience, issued,    expires, nonce,       a.method, a.path,
      a.query,          body,     a.rpc_method, a.rpc_name, a.subject, a.email, a.client_id, a.scope};
  std::string text;
  for (const std::string_view field : fields) {
    if (has_controls(field)) return std::nullopt;
    if (field.data() != fields[0].data()) text += '\n';
    text += field;
  }
  return text;
}

}  // namespace mcpbox::policy
