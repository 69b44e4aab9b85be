// A checkpoint: what the monitor swears about its chain at one moment, signed with Ed25519.
// docs/audit-format.md, "Checkpoints".  The monitor makes them; whoever has the public key can check them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "privsep/audit/record.h"

namespace mcpbox::audit {

using PublicKey = std::array<unsigned char, 32>;
using Signature = std::array<unsigned char, 64>;
using KeyName = std::array<unsigned char, 8>;  // the first bytes of BLAKE2b-256 of the public key

enum class Purpose : std::uint8_t {
  kPeriodic = 1,  // every so many records and minutes; stored, and written to the log
  kEnd = 2,       // the end of an export, made when it was asked for
  kSegment = 3,   // the last record of a segment that retention may drop; stays when the records go
  kKey = 4,       // vouches for the key before the one that signs: see KeyRing
};
constexpr bool is_known(Purpose purpose) { return purpose >= Purpose::kPeriodic && purpose <= Purpose::kKey; }

struct Checkpoint {
  Purpose purpose = Purpose::kPeriodic;
  KeyName key{};               // which key signed
  std::uint64_t sequence = 0;  // of the last record that it speaks of; 0 of an empty chain
  Hash hash{};                 // of that record; zeros of an empty chain.  Of kKey: the earlier public key
  std::int64_t at_ms = 0;      // when it was made
  std::uint64_t first = 1;     // the first record that retention has left
  Hash before{};               // hash of the record before that one; zeros when `first` is 1
  bool operator==(const Checkpoint&) const = default;
};

// A checkpoint as it is stored and sent.
struct Signed {
  std::string statement;  // encode(Checkpoint)
  Signature signature{};  // Ed25519 over exactly these bytes
};

inline constexpr std::size_t kStatementBytes = 20 + 1 + 8 + 8 + 32 + 8 + 8 + 32;

[[nodiscard]] std::string encode(const Checkpoint& checkpoint);
[[nodiscard]] std::optional<Checkpoint> decode_checkpoint(std::string_view bytes);
[[nodiscard]] KeyName name_of_key(const PublicKey& key);

// Why a checkpoint cannot be believed.
enum class Doubt : std::uint8_t { kNone, kNotOfForm, kOtherKey, kBadSignature };

// The signature by this key, and the form.
[[nodiscard]] Doubt doubt_of(const Signed& checkpoint, const PublicKey& key);

// The keys that checkpoints may be signed with, when the master key was replaced: each vouches for the one
// before it, up to the last record of that one's time.
class KeyRing {
 public:
  explicit KeyRing(const PublicKey& trusted) : keys_{{.key = trusted, .last = UINT64_MAX}} {}
  // A checkpoint of purpose kKey, signed by a key that is trusted already: the newest first.
  Doubt add(const Signed& voucher);
  // Signed with one of them, in its time.
  [[nodiscard]] Doubt doubt_of(const Signed& checkpoint) const;

 private:
  struct Trusted {
    PublicKey key{};
    std::uint64_t last = 0;
  };
  std::vector<Trusted> keys_;
};
inline constexpr std::size_t kMostVouchers = 64;

// 64 hexadecimal digits, as mcpboxctl prints a public key.
[[nodiscard]] std::optional<PublicKey> public_key_from(std::string_view text);

}  // namespace mcpbox::audit
