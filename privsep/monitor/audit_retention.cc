// Runs in the monitor.  Trusts its own signatures: what the database says about a segment counts only under
// one.
#include "privsep/monitor/audit_retention.h"

#include <algorithm>
#include <cstdlib>

#include "policy/audit_limits.h"
#include "privsep/monitor/pg_rows.h"
#include "privsep/monitor/store_pg_sql.h"

namespace mcpbox::monitor {

namespace limits = policy::limits;

loop::Task<AuditRetention::Last> AuditRetention::last_segment() {
  Statement ask{.sql = &sql::kLastSegment, .params = {}};
  const Rows rows = co_await store_.query(std::move(ask));
  Last last;
  last.sequence = std::strtoull(cell(rows, 0, 0).value_or("0").c_str(), nullptr, 10);
  last.at_ms = std::strtoll(cell(rows, 0, 1).value_or("0").c_str(), nullptr, 10);
  co_return last;
}

loop::Task<> AuditRetention::seal_when_due() {
  const Last last = co_await last_segment();
  const std::uint64_t end = store_.audit_end().sequence;
  const bool grown = end > last.sequence && end - last.sequence >= limits::kSegmentRecords;
  if (grown || clock_.now_ms() - last.at_ms >= limits::kSegmentMs) co_await seal();
  co_return loop::Nothing{};
}

loop::Task<> AuditRetention::seal() {
  const Last last = co_await last_segment();
  audit::Checkpoint said = store_.audit_end();
  if (said.sequence <= last.sequence) co_return loop::Nothing{};
  said.purpose = audit::Purpose::kSegment;
  Statement row = checkpoint_row(said, keys_.sign(said));
  const Rows stored = co_await store_.query(std::move(row));
  static_cast<void>(stored);
  log_.info("audit segment sealed", {{"record", said.sequence}, {"hash", audit::hex(said.hash)}});
  co_return loop::Nothing{};
}

loop::Task<std::vector<audit::Checkpoint>> AuditRetention::sealed_behind(std::uint64_t sequence) {
  Statement ask{.sql = &sql::kSealedSegments,
                .params = {Param::integer(static_cast<std::int64_t>(sequence))}};
  const Rows rows = co_await store_.query(std::move(ask));
  audit::KeyRing keys(keys_.audit_key());
  const std::vector<audit::Signed> vouchers = co_await read_vouchers(store_);
  for (const audit::Signed& voucher : vouchers) static_cast<void>(keys.add(voucher));
  std::vector<audit::Checkpoint> sealed;
  for (std::size_t at = 0; at < rows.rows.size(); ++at) {
    const audit::Signed stored = signed_of(rows, at);
    const std::optional<audit::Checkpoint> said = audit::decode_checkpoint(stored.statement);
    const bool formed =
        said && said->purpose == audit::Purpose::kSegment && said->sequence <= store_.audit_end().sequence;
    if (formed && keys.doubt_of(stored) == audit::Doubt::kNone)
      sealed.push_back(*said);
    else
      log_.error("a sealed segment of the audit log has no good signature: it is kept");
  }
  co_return sealed;
}

// None: even the open segment holds more, so that every sealed one may go.
loop::Task<std::uint64_t> AuditRetention::first_within(std::uint64_t most_bytes) {
  Statement ask{.sql = &sql::kFirstWithin, .params = {Param::integer(static_cast<std::int64_t>(most_bytes))}};
  const Rows rows = co_await store_.query(std::move(ask));
  co_return std::strtoull(cell(rows, 0, 0).value_or("18446744073709551615").c_str(), nullptr, 10);
}

loop::Task<std::uint64_t> AuditRetention::prune(Prune what) {
  const std::uint64_t gone = store_.audit_end().first - 1;
  const std::vector<audit::Checkpoint> sealed = co_await sealed_behind(gone);
  const std::uint64_t within = co_await first_within(what.most_bytes);
  std::uint64_t upto = gone;
  audit::Hash hash = store_.audit_end().before;
  for (const audit::Checkpoint& segment : sealed) {
    if (segment.at_ms >= what.before_ms && segment.sequence >= within) continue;
    upto = segment.sequence;
    hash = segment.hash;
  }
  if (upto == gone && !what.asked) co_return gone + 1;
  AuditRecord record{.kind = AuditKind::kDecision,
                     .actor = std::move(what.actor),
                     .action = std::string(kPruneAction),
                     .digest = hash,
                     .number = static_cast<std::int64_t>(upto),
                     .payload = "before " + std::to_string(what.before_ms)};
  const std::uint64_t sequence = co_await store_.append(std::move(record));
  log_.info("the audit log is pruned", {{"record", sequence}, {"first_left", upto + 1}});
  co_return upto + 1;
}

}  // namespace mcpbox::monitor
