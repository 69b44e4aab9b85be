// The end of the chain, outside the database: a file that only the monitor's uid can write (DESIGN:
// STATE/audit.head). Whoever can write to the database can cut the chain's tail or bring back an old copy;
// this file remembers.
//
// 80 bytes at offset 0, within one disk sector, so that a crash leaves the old or the new, never half:
//   8   "MCPBHEAD"
//   8   sequence, little-endian
//   32  hash of that record
//   32  seal: Keys::seal("audit.head", {the 8 bytes of the sequence, the 32 bytes of the hash})
#pragma once

#include <optional>

#include "privsep/monitor/audit_chain.h"
#include "privsep/monitor/keys.h"

namespace mcpbox::monitor {

// What the file says.
//   fd       the open file, read-write; stays the caller's
//   returns  the head; none when the file is empty (first start); kBroken when it cannot be read, has another
//            size, or its seal does not fit: then it was damaged, or belongs to another master key
[[nodiscard]] base::Result<std::optional<ChainHead>> read_head(int fd, const Keys& keys);

// Overwrites it with one pwrite(2), without waiting for the disk: after a power cut it may be behind, never
// ahead.
[[nodiscard]] base::Result<void> write_head(int fd, const Keys& keys, const ChainHead& head);

}  // namespace mcpbox::monitor
