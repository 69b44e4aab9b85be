// Runs in every process.  Trusts nothing: `text` may come from a tool, a client or a database row.
#include "privsep/base/visible.h"

#include <array>
#include <cstdint>
#include <cstdio>

namespace mcpbox::base {
namespace {

constexpr std::uint32_t kBadByte = 0xffffffff;

struct Decoded {
  std::uint32_t code = kBadByte;
  std::size_t length = 1;
};

bool continues(std::string_view text, std::size_t at) {
  return at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;
}

// One code point of strict UTF-8 (RFC 3629), or kBadByte for one byte.
Decoded decode(std::string_view text, std::size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return {};
  std::uint32_t code = first & (0xff >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if (!continues(text, at + i)) return {};
    code = (code << 6) | (static_cast<unsigned char>(text[at + i]) & 0x3f);
  }
  constexpr std::array<std::uint32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool overlong = code < kSmallest[length];
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (overlong || surrogate || code > 0x10ffff) return {};
  return {code, length};
}

struct Range {
  std::uint32_t first, last;
};

// Characters that show nothing or reorder what is shown.  Source: Unicode 15 general category Cf, plus
// the fillers and selectors used to hide text in source code ("Trojan Source", CVE-2021-42574).
constexpr Range kHidden[] = {
    {0x00, 0x1f},     {0x7f, 0x9f},       {0xad, 0xad},       {0x034f, 0x034f},   {0x061c, 0x061c},
    {0x115f, 0x1160}, {0x17b4, 0x17b5},   {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e},
    {0x2060, 0x206f}, {0x3164, 0x3164},   {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},
    {0xfff0, 0xfffb}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}, {0xf0000, 0x10ffff},
};

bool hidden(std::uint32_t code) {
  for (const Range& range : kHidden)
    if (code >= range.first && code <= range.last) return true;
  return false;
}

std::string escaped(const char* format, std::uint32_t value) {
  std::array<char, 16> buffer{};
  const int length = std::snprintf(buffer.data(), buffer.size(), format, value);
  return {buffer.data(), static_cast<std::size_t>(length)};
}

}  // namespace

std::string visible(std::string_view text, Keep keep) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Decoded one = decode(text, at);
    const bool kept = keep == Keep::kNewlines && (one.code == '\n' || one.code == '\t');
    if (one.code == kBadByte)
      out += escaped("\\x%02x", static_cast<unsigned char>(text[at]));
    else if (one.code == '\\' && keep == Keep::kNothing)
      out += "\\\\";
    else if (kept || !hidden(one.code))
      out += text.substr(at, one.length);
    else
      out += escaped(one.code < 0x80 ? "\\x%02x" : "\\u{%x}", one.code);
    at += one.length;
  }
  return out;
}

bool is_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const Decoded one = decode(text, at);
    if (one.code == kBadByte) return false;
    at += one.length;
  }
  return true;
}

}  // namespace mcpbox::base
