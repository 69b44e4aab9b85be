// Reading the audit chain as it is stored.  The monitor passes on bytes and signs its head; whether the chain
// is whole is found out by whoever asked (privsep/audit/verifier.h).
#pragma once

#include "privsep/protocol/messages_common.h"

namespace mcpbox::protocol {

// A checkpoint: docs/audit-format.md.
struct SignedStatement {
  Bytes<limits::kAuditStatementBytes> statement;
  Bytes<64> signature;
  static auto fields(auto& m) { return std::tie(m.statement, m.signature); }
};

inline constexpr std::size_t kAuditVouchers = 64;  // for earlier keys; the audit library believes no more

// The end of the chain as the monitor remembers it, signed now.
struct AuditHead {
  Digest public_key{};
  SignedStatement end;
  List<SignedStatement, kAuditVouchers> vouchers;  // for the keys before this one, the newest first
  static auto fields(auto& m) { return std::tie(m.public_key, m.end, m.vouchers); }
};

struct GetAuditHead {
  static constexpr Op kOp = Op::kGetAuditHead;
  using Reply = AuditHead;
  static auto fields(auto& /*m*/) { return std::tie(); }
};

// `encoded` is empty where the stored row cannot be a record at all.
struct AuditRow {
  Bytes<limits::kAuditRecordBytes> encoded;
  Digest hash{};
  static auto fields(auto& m) { return std::tie(m.encoded, m.hash); }
};

struct AuditPage {
  List<AuditRow, limits::kAuditPageRecords> rows;
  std::uint64_t next = 0;  // the first record of the next page; 0 when there is none
  static auto fields(auto& m) { return std::tie(m.rows, m.next); }
};

// Stored records in the order of their numbers, from `from` on.
struct ReadAudit {
  static constexpr Op kOp = Op::kReadAudit;
  using Reply = AuditPage;
  std::uint64_t from = 1;
  std::uint32_t most = limits::kAuditPageRecords;
  static auto fields(auto& m) { return std::tie(m.from, m.most); }
};

struct CheckpointPage {
  List<SignedStatement, limits::kAuditPageRecords> checkpoints;
  static auto fields(auto& m) { return std::tie(m.checkpoints); }
};

// Stored checkpoints of the records from `from` on, in the order of the records.
struct ReadCheckpoints {
  static constexpr Op kOp = Op::kReadCheckpoints;
  using Reply = CheckpointPage;
  std::uint64_t from = 0;
  static auto fields(auto& m) { return std::tie(m.from); }
};

// What was left by PruneAudit.
struct AuditPruned {
  std::uint64_t first = 1;  // the first record
  static auto fields(auto& m) { return std::tie(m.first); }
};

// Seals what was recorded, drops what is older than `before_ms`; 0: older than the setting
// log_retention_days.
struct PruneAudit {
  static constexpr Op kOp = Op::kPruneAudit;
  using Reply = AuditPruned;
  std::int64_t before_ms = 0;
  static auto fields(auto& m) { return std::tie(m.before_ms); }
};

}  // namespace mcpbox::protocol
