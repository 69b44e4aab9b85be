// Runs in the gateways and in admin.  Trusts nothing: ids and names are a client's bytes.
#include "privsep/http/ids.h"

#include <sys/random.h>

#include <algorithm>

namespace mcpbox::http {
namespace {

constexpr std::size_t kTextLength = 36;
constexpr bool is_dash_place(std::size_t at) { return at == 8 || at == 13 || at == 18 || at == 23; }

constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<wire::Id> id_of(std::string_view text) {
  if (text.size() != kTextLength) return std::nullopt;
  wire::Id id{};
  std::size_t digits = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (is_dash_place(at)) {
      if (text[at] != '-') return std::nullopt;
      continue;
    }
    const int value = hex_value(text[at]);
    if (value < 0) return std::nullopt;
    unsigned char& byte = id[digits / 2];
    byte = static_cast<unsigned char>(digits % 2 == 0 ? value << 4 : byte | value);
    ++digits;
  }
  return id;
}

std::string text_of(const wire::Id& id) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : id) {
    if (is_dash_place(text.size())) text += '-';
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

wire::Id random_id() {
  wire::Id id{};
  if (::getrandom(id.data(), id.size(), 0) != static_cast<ssize_t>(id.size())) PANIC("no random bytes");
  return id;
}

std::string fitting(std::string_view text, std::size_t most) {
  std::size_t end = std::min(text.size(), most);
  while (end < text.size() && end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  std::string out(text.substr(0, end));
  std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return out;
}

std::string sentence(std::string_view text) {
  const bool ended = text.ends_with('.') || text.ends_with('!') || text.ends_with('?');
  return std::string(text) + (ended ? "" : ".");
}

}  // namespace mcpbox::http
