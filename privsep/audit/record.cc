// Runs in the monitor, in mcpboxctl and in mcpbox-audit-verify.  Trusts no byte: what decodes is what
// encodes.
#include "privsep/audit/record.h"

#include <sodium.h>

#include <algorithm>

namespace mcpbox::audit {
namespace {

constexpr std::string_view kFormat = "mcpbox-audit-1\n";  // a hash of this format never fits another
constexpr std::size_t kLengthBytes = 4;

void put_text(std::string& out, std::string_view text) {
  put(out, text.size(), kLengthBytes);
  out += text;
}

template <std::size_t N>
void put_array(std::string& out, const std::array<unsigned char, N>& bytes) {
  out.append(reinterpret_cast<const char*>(bytes.data()), N);
}

template <std::size_t N>
bool take_array(std::string_view& rest, std::array<unsigned char, N>& into) {
  const std::optional<std::string_view> part = take(rest, N);
  if (part) std::copy(part->begin(), part->end(), into.begin());
  return part.has_value();
}

bool take_text(std::string_view& rest, std::string& into, std::size_t most) {
  const std::optional<std::uint64_t> size = take_integer(rest, kLengthBytes);
  if (!size || *size > most) return false;
  const std::optional<std::string_view> text = take(rest, *size);
  if (text) into = *text;
  return text.has_value();
}

template <class T>
bool take_number(std::string_view& rest, T& into, std::size_t bytes) {
  const std::optional<std::uint64_t> value = take_integer(rest, bytes);
  if (value) into = static_cast<T>(*value);
  return value.has_value();
}

}  // namespace

void put(std::string& out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
}

std::optional<std::string_view> take(std::string_view& rest, std::size_t bytes) {
  if (bytes > rest.size()) return std::nullopt;
  const std::string_view part = rest.substr(0, bytes);
  rest.remove_prefix(bytes);
  return part;
}

std::optional<std::uint64_t> take_integer(std::string_view& rest, std::size_t bytes) {
  const std::optional<std::string_view> part = take(rest, bytes);
  if (!part) return std::nullopt;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i)
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>((*part)[i])) << (8 * i);
  return value;
}

bool take_hash(std::string_view& rest, Hash& into) { return take_array(rest, into); }

std::string encode(const Record& record) {
  std::string out;
  out.reserve(256 + record.payload.size());
  out += kFormat;
  put_array(out, record.previous);
  put(out, record.sequence, 8);
  put(out, static_cast<std::uint64_t>(record.at_ms), 8);
  put(out, record.kind, 2);
  put(out, static_cast<std::uint64_t>(record.number), 8);
  put_array(out, record.subject);
  put_array(out, record.call);
  put_array(out, record.digest);
  put_text(out, record.actor);
  put_text(out, record.action);
  put_text(out, record.payload);
  return out;
}

std::optional<Record> decode(std::string_view bytes) {
  Record record;
  const std::optional<std::string_view> format = take(bytes, kFormat.size());
  const bool good = format == kFormat && take_hash(bytes, record.previous) &&
                    take_number(bytes, record.sequence, 8) && take_number(bytes, record.at_ms, 8) &&
                    take_number(bytes, record.kind, 2) && take_number(bytes, record.number, 8) &&
                    take_array(bytes, record.subject) && take_array(bytes, record.call) &&
                    take_array(bytes, record.digest) && take_text(bytes, record.actor, kActorBytes) &&
                    take_text(bytes, record.action, kActionBytes) &&
                    take_text(bytes, record.payload, kPayloadBytes) && bytes.empty();
  if (!good) return std::nullopt;
  return record;
}

Hash hash_of(std::string_view encoded) {
  Hash hash{};
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(encoded.data()),
                     encoded.size(), nullptr, 0);
  return hash;
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const char byte : bytes) {
    text += kDigits[static_cast<unsigned char>(byte) >> 4];
    text += kDigits[static_cast<unsigned char>(byte) & 0xF];
  }
  return text;
}

std::string_view view_of(const Hash& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

std::string hex(const Hash& hash) { return hex(view_of(hash)); }

}  // namespace mcpbox::audit
