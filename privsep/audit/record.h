// One record of the audit chain as it is hashed, byte for byte (docs/audit-format.md).  Pure: used by the
// monitor, which writes them, and by the programs that check them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mcpbox::audit {

using Hash = std::array<unsigned char, 32>;  // BLAKE2b-256
using Id = std::array<unsigned char, 16>;

inline constexpr std::size_t kActorBytes = 128;
inline constexpr std::size_t kActionBytes = 32;
inline constexpr std::size_t kPayloadBytes = 4096;

struct Record {
  std::uint64_t sequence = 0;  // the one before plus one
  std::int64_t at_ms = 0;      // since 1970
  std::uint16_t kind = 0;      // kKinds in actions.h
  std::int64_t number = 0;
  Id subject{};
  Id call{};
  Hash digest{};
  std::string actor;
  std::string action;
  std::string payload;
  Hash previous{};  // of the record before; zeros in record 1
};

// The longest encoding that a record within its bounds has.
inline constexpr std::size_t kMostEncodedBytes =
    15 + 32 + 8 + 8 + 2 + 8 + 16 + 16 + 32 + 3 * 4 + kActorBytes + kActionBytes + kPayloadBytes;

// The bytes that the hash is made of; all integers little-endian.
[[nodiscard]] std::string encode(const Record& record);

// Exactly what encode() makes, or nothing.
[[nodiscard]] std::optional<Record> decode(std::string_view bytes);

[[nodiscard]] Hash hash_of(std::string_view encoded);

// Two lower-case digits a byte.
[[nodiscard]] std::string hex(std::string_view bytes);
[[nodiscard]] std::string hex(const Hash& hash);
[[nodiscard]] std::string_view view_of(const Hash& hash);

// Little-endian integers and lengths, for the encodings of this folder.
void put(std::string& out, std::uint64_t value, std::size_t bytes);
// Takes `bytes` from the front of `rest`; nothing when there are fewer.
[[nodiscard]] std::optional<std::string_view> take(std::string_view& rest, std::size_t bytes);
[[nodiscard]] std::optional<std::uint64_t> take_integer(std::string_view& rest, std::size_t bytes);
[[nodiscard]] bool take_hash(std::string_view& rest, Hash& into);

}  // namespace mcpbox::audit
