// Runs in the monitor: the chain as it is stored, for whoever checks or reads it.  Judges nothing: a monitor
// that vouched for its own log would vouch for whoever has taken it over, too.
#include "privsep/monitor/audit_chain.h"
#include "privsep/monitor/audit_retention.h"
#include "privsep/monitor/monitor.h"
#include "privsep/monitor/pg_rows.h"
#include "privsep/monitor/retention_settings.h"
#include "privsep/monitor/store_pg_sql.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {

namespace limits = policy::limits;
static_assert(p::kAuditVouchers == audit::kMostVouchers);

namespace {

p::SignedStatement statement_of(const audit::Signed& made) {
  return {.statement = std::string_view(made.statement),
          .signature =
              std::string_view(reinterpret_cast<const char*>(made.signature.data()), made.signature.size())};
}

// A row as it is; one that cannot be a record has no encoding.
p::AuditRow row_of(const std::vector<std::optional<std::string>>& row) {
  const base::Result<ChainedRecord> record = audit_record(row);
  if (!record || !check(record->record)) return {};
  return {.encoded = canonical_encoding(*record), .hash = record->hash};
}

}  // namespace

Answer<p::AuditHead> on_get_audit_head(Monitor& m, Peer& /*asker*/, p::GetAuditHead /*q*/) {
  audit::Checkpoint end = m.store.audit_end();
  end.purpose = audit::Purpose::kEnd;
  p::AuditHead head{.public_key = m.keys.audit_key(), .end = statement_of(m.keys.sign(end))};
  const std::vector<audit::Signed> vouchers = co_await read_vouchers(m.store);
  for (const audit::Signed& voucher : vouchers)
    if (audit::decode_checkpoint(voucher.statement)) head.vouchers.push_back(statement_of(voucher));
  co_return head;
}

Answer<p::AuditPage> on_read_audit(Monitor& m, Peer& /*asker*/, p::ReadAudit q) {
  if (q.most == 0 || q.most > limits::kAuditPageRecords)
    co_return base::fail(base::Why::kInvalid, "a page has 1 to 500 records");
  Statement ask{.sql = &sql::kAuditFrom,
                .params = {Param::integer(static_cast<std::int64_t>(q.from)), Param::integer(q.most)}};
  const Rows rows = co_await m.store.query(std::move(ask));
  p::AuditPage page;
  for (std::size_t at = 0; at < rows.rows.size() && at < q.most; ++at)
    page.rows.push_back(row_of(rows.rows[at]));
  if (rows.rows.size() >= q.most)
    page.next = std::strtoull(cell(rows, q.most - 1, 0).value_or("0").c_str(), nullptr, 10) + 1;
  co_return page;
}

Answer<p::CheckpointPage> on_read_checkpoints(Monitor& m, Peer& /*asker*/, p::ReadCheckpoints q) {
  Statement ask{.sql = &sql::kCheckpointsFrom,
                .params = {Param::integer(static_cast<std::int64_t>(q.from)),
                           Param::integer(static_cast<std::int64_t>(limits::kAuditPageRecords))}};
  const Rows rows = co_await m.store.query(std::move(ask));
  p::CheckpointPage page;
  for (std::size_t at = 0; at < rows.rows.size() && at < limits::kAuditPageRecords; ++at) {
    const std::string statement = cell(rows, at, 0).value_or("");
    const std::string signature = cell(rows, at, 1).value_or("");
    // Longer than any: sent as none, which no verifier believes.
    const bool fits = statement.size() <= limits::kAuditStatementBytes && signature.size() <= 64;
    page.checkpoints.push_back(fits ? p::SignedStatement{.statement = statement, .signature = signature}
                                    : p::SignedStatement{});
  }
  co_return page;
}

Answer<p::AuditPruned> on_prune_audit(Monitor& m, Peer& asker, p::PruneAudit q) {
  if (q.before_ms < 0 || q.before_ms > m.clock.now_ms())
    co_return base::fail(base::Why::kInvalid, "the moment to prune to must be in the past");
  AuditRetention retention(m.store, m.keys, m.clock, m.log);
  const loop::Nothing sealed = co_await retention.seal();
  static_cast<void>(sealed);
  AuditRetention::Prune what = too_old(m.policy, m.clock.now_ms());
  what.actor = asker.person.who;
  what.asked = true;
  if (q.before_ms != 0) what.before_ms = q.before_ms;
  const std::uint64_t first = co_await retention.prune(std::move(what));
  co_return p::AuditPruned{.first = first};
}

}  // namespace mcpbox::monitor
