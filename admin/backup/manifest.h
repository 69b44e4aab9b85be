// What is in a backup, in one text at its end: one `name value` a line, in this order and no other.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "admin/backup/container.h"

namespace mcpbox::backup {

// Everything that a backup holds, in the order in which it stands there.  No name or path comes from the
// file.
enum class Entry : std::uint8_t { kMasterKey = 1, kConfiguration, kAuditHead, kDatabase, kManifest };
inline constexpr std::size_t kDescribed = 4;  // all but the manifest itself

[[nodiscard]] std::string_view name_of(Entry entry);

struct Measure {
  std::uint64_t bytes = 0;
  std::array<unsigned char, 32> hash{};  // BLAKE2b-256
  bool operator==(const Measure&) const = default;
};

struct Manifest {
  std::string version;             // of the MCPbox that made it
  std::int64_t created_ms = 0;     // since 1970
  std::uint32_t schema = 0;        // the last migration of the database
  std::string audit_key;           // public key of its checkpoints, 64 digits
  std::uint64_t audit_record = 0;  // the last one that audit.head remembers; the database has at least that
  std::array<Measure, kDescribed> entries{};
  bool operator==(const Manifest&) const = default;
};

[[nodiscard]] std::string encode(const Manifest& manifest);
// Takes exactly what encode() writes.
[[nodiscard]] Outcome<Manifest> decode_manifest(std::string_view text);

// Bytes as hexadecimal digits, and back; nothing when they are not `into` exactly.
[[nodiscard]] std::string hex_of(const unsigned char* bytes, std::size_t size);
[[nodiscard]] bool bytes_of(std::string_view hex, unsigned char* into, std::size_t size);

}  // namespace mcpbox::backup
