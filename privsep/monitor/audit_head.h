// The end of the chain, outside the database: a file that only the monitor's uid can write (DESIGN:
// STATE/audit.head). Whoever can write to the database can cut the chain's tail, bring back an old copy, or
// take a decision out of it; this file remembers.
//
// 120 bytes at offset 0, within one disk sector, so that a crash leaves the old or the new, never half:
//   8   "MCPBHED2"
//   8   sequence, little-endian
//   32  hash of that record
//   32  Decisions::sum() up to that record
//   8   the first record whose decisions count, little-endian; 0: all count
//   32  seal: Keys::seal("audit.head", {each of the four fields above})
// The form before it ("MCPBHEAD", 80 bytes) had only sequence and hash; it is read, and never written.
#pragma once

#include <optional>

#include "privsep/monitor/audit_chain.h"
#include "privsep/monitor/keys.h"

namespace mcpbox::monitor {

struct Remembered {
  ChainHead head;
  std::optional<wire::Digest> decisions;  // none in the form before
  std::uint64_t trusted_from = 0;
  bool operator==(const Remembered&) const = default;
};

// What the file says.
//   fd       the open file, read-write; stays the caller's
//   returns  none when the file is empty (first start); kBroken when it cannot be read, has another size, or
//            its seal does not fit: then it was damaged, or belongs to another master key
[[nodiscard]] base::Result<std::optional<Remembered>> read_head(int fd, const Keys& keys);

// Overwrites it with one pwrite(2), without waiting for the disk: after a power cut it may be behind, never
// ahead.
[[nodiscard]] base::Result<void> write_head(int fd, const Keys& keys, const Remembered& what);

}  // namespace mcpbox::monitor
