// The hash chain: what a record's hash covers, byte for byte (docs/audit-format.md).  Pure.
#pragma once

#include <string>

#include "privsep/audit/checkpoint.h"
#include "privsep/base/error.h"
#include "privsep/monitor/audit_record.h"
#include "privsep/monitor/store.h"

namespace mcpbox::monitor {

// The end of a chain.  Of an empty one: sequence 0 and 32 zero bytes.
struct ChainHead {
  std::uint64_t sequence = 0;
  wire::Digest hash{};
  bool operator==(const ChainHead&) const = default;
};

// A record in its place.
struct ChainedRecord {
  std::uint64_t sequence = 0;  // the one before plus one; the first is 1
  std::int64_t at_ms = 0;      // since 1970, the monitor's clock; may step back
  AuditRecord record;
  wire::Digest previous{};  // hash of the one before
  wire::Digest hash{};      // of the canonical encoding of all of the above
  [[nodiscard]] ChainHead head() const { return {sequence, hash}; }
};

// Can this record be stored?  kInvalid when a field is over its bound or `action` is not [a-z_]{1,32}:
// checked before a record joins a batch, so that one record can never fail the batch of others.
[[nodiscard]] base::Result<void> check(const AuditRecord& record);

// The bytes that the hash is made of, all integers little-endian; see docs/audit-format.md.
[[nodiscard]] std::string canonical_encoding(const ChainedRecord& record);

// Puts a record behind `head`.
[[nodiscard]] ChainedRecord chain(const ChainHead& head, std::int64_t at_ms, AuditRecord record);

// Is this record what it says, and does it follow `head`?
[[nodiscard]] bool follows(const ChainHead& head, const ChainedRecord& record);

// Is this record's hash its own?
[[nodiscard]] bool is_intact(const ChainedRecord& record);

// A record as the parameters of kInsertAudit, and a row of kAuditAfter as a record.
[[nodiscard]] std::vector<Param> audit_params(const ChainedRecord& record);
[[nodiscard]] base::Result<ChainedRecord> audit_record(const std::vector<std::optional<std::string>>& row);

}  // namespace mcpbox::monitor
