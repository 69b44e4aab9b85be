// Runs in [egress].  Pure.  What is decoded comes from a call child that may be hostile.
#include "egress/egress/encodings.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace mcpbox::egress {
namespace {

constexpr std::string_view kUpperHex = "0123456789ABCDEF";
constexpr std::string_view kLowerHex = "0123456789abcdef";
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::size_t kShortestValue = 4;    // as in executor/runtime: shorter ones are found everywhere
constexpr std::size_t kShortestEncoded = 8;  // an inner part of base64

constexpr bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void add_hex(std::string& out, char c, std::string_view digits) {
  const auto byte = static_cast<unsigned char>(c);
  out += digits[byte >> 4U];
  out += digits[byte & 15U];
}

std::string percent(std::string_view text, std::string_view digits) {
  std::string out;
  for (const char c : text) {
    if (is_unreserved(c)) {
      out += c;
      continue;
    }
    out += '%';
    add_hex(out, c, digits);
  }
  return out;
}

std::string form(std::string_view text) {
  std::string out = percent_encoded(text);
  for (std::size_t at = out.find("%20"); at != std::string::npos; at = out.find("%20", at + 1))
    out.replace(at, 3, "+");
  return out;
}

std::string hex(std::string_view text, std::string_view digits) {
  std::string out;
  for (const char c : text) add_hex(out, c, digits);
  return out;
}

struct Replacement {
  char character;
  std::string_view with;
};

std::string replaced(std::string_view text, std::span<const Replacement> table) {
  std::string out;
  for (const char c : text) {
    const auto row = std::ranges::find(table, c, &Replacement::character);
    if (row == table.end())
      out += c;
    else
      out += row->with;
  }
  return out;
}

constexpr std::array<Replacement, 5> kHtml = {
    {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}}};
constexpr std::array<Replacement, 2> kJson = {{{'"', "\\\""}, {'\\', "\\\\"}}};
constexpr std::array<Replacement, 3> kJsonWithSlashes = {{{'"', "\\\""}, {'\\', "\\\\"}, {'/', "\\/"}}};

// The characters of base64 that depend on the value alone, when `before` bytes stand in front of it.
std::string inner_base64(std::string_view value, std::size_t before) {
  const std::string all = base64(std::string(before, '\0') + std::string(value));
  const std::size_t first = (before * 8 + 5) / 6;
  const std::size_t end = (before + value.size()) * 8 / 6;
  return end > first ? all.substr(first, end - first) : std::string();
}

std::string url_alphabet(std::string text) {
  std::ranges::replace(text, '+', '-');
  std::ranges::replace(text, '/', '_');
  return text;
}

int base64_value(char c) {
  if (c == '-') c = '+';
  if (c == '_') c = '/';
  const std::size_t at = kAlphabet.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace

std::string percent_encoded(std::string_view text) { return percent(text, kUpperHex); }

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
    if (low < 0) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::string base64(std::string_view bytes) {
  std::string out;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : bytes) {
    bits = (bits << 8U) | static_cast<unsigned char>(c);
    for (count += 8; count >= 6;) {
      count -= 6;
      out += kAlphabet[(bits >> count) & 63U];
    }
  }
  if (count > 0) out += kAlphabet[(bits << (6 - count)) & 63U];
  while (out.size() % 4 != 0) out += '=';
  return out;
}

std::optional<std::string> base64_decoded(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string out;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const int value = base64_value(c);
    if (value < 0) return std::nullopt;
    bits = (bits << 6U) | static_cast<std::uint32_t>(value);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>((bits >> count) & 255U);
  }
  return out;
}

std::string json_escaped(std::string_view text) { return replaced(text, kJson); }

std::vector<std::string> forms_of(std::string_view value) {
  std::vector<std::string> forms;
  const auto add = [&forms](std::string text, std::size_t shortest) {
    if (text.size() >= shortest && std::ranges::find(forms, text) == forms.end())
      forms.push_back(std::move(text));
  };
  if (value.size() < kShortestValue) return forms;
  add(std::string(value), kShortestValue);
  add(percent(value, kUpperHex), kShortestValue);
  add(percent(value, kLowerHex), kShortestValue);
  add(form(value), kShortestValue);
  add(replaced(value, kJson), kShortestValue);
  add(replaced(value, kJsonWithSlashes), kShortestValue);
  add(replaced(value, kHtml), kShortestValue);
  add(hex(value, kUpperHex), kShortestEncoded);
  add(hex(value, kLowerHex), kShortestEncoded);
  for (const std::size_t before : {0U, 1U, 2U}) {
    const std::string inner = inner_base64(value, before);
    add(inner, kShortestEncoded);
    add(url_alphabet(inner), kShortestEncoded);
  }
  return forms;
}

}  // namespace mcpbox::egress
