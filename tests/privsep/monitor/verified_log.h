// The stored log, checked as `mcpboxctl audit verify` does it: records and checkpoints as they are stored,
// then the signed head.
#pragma once

#include "privsep/audit/verifier.h"
#include "privsep/monitor/store_pg_sql.h"
#include "tests/privsep/monitor/store_fixture.h"

namespace mcpbox::monitor {

inline audit::Verifier verified_log(StoreTest& test, StorePg& store, unsigned char key_fill = 7) {
  const Keys key = keys_of(key_fill);
  audit::Verifier verifier(key.audit_key());
  for (const auto& row : test.rows(store, sql::kVouchers)) {
    audit::Signed voucher{.statement = *row.at(0), .signature = {}};
    std::ranges::copy(*row.at(1), voucher.signature.begin());
    verifier.checkpoint(voucher);
  }
  std::vector<audit::Signed> checkpoints;
  for (const auto& row : test.rows(store, sql::kCheckpointsFrom, {Param::integer(0), Param::integer(500)})) {
    audit::Signed made{.statement = *row.at(0), .signature = {}};
    std::ranges::copy(*row.at(1), made.signature.begin());
    checkpoints.push_back(std::move(made));
  }
  std::size_t next = 0;
  const auto place = [&](std::size_t at) {
    return audit::decode_checkpoint(checkpoints[at].statement)->sequence;
  };
  for (const auto& row : test.rows(store, sql::kAuditFrom, {Param::integer(0), Param::integer(500)})) {
    const base::Result<ChainedRecord> record = audit_record(row);
    if (!record) {
      verifier.record({});
      break;
    }
    for (; next < checkpoints.size() && place(next) < record->sequence; ++next)
      verifier.checkpoint(checkpoints[next]);
    verifier.record({.encoded = canonical_encoding(*record), .hash = record->hash});
  }
  audit::Checkpoint end = store.audit_end();
  end.purpose = audit::Purpose::kEnd;
  for (; next < checkpoints.size() && place(next) <= end.sequence; ++next)
    verifier.checkpoint(checkpoints[next]);
  verifier.checkpoint(test.keys.sign(end));
  verifier.finish();
  return verifier;
}

}  // namespace mcpbox::monitor
