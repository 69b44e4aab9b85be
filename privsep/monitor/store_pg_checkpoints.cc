// Run by the monitor: where the chain is, signed.  A lost checkpoint costs nothing but its place: the next
// one covers the same records.
#include <algorithm>
#include <utility>

#include "privsep/monitor/pg_rows.h"
#include "privsep/monitor/store_pg.h"
#include "privsep/monitor/store_pg_sql.h"

namespace mcpbox::monitor {

namespace limits = policy::limits;

audit::Checkpoint StorePg::audit_end() const {
  return {.sequence = head_.sequence,
          .hash = head_.hash,
          .at_ms = clock_.now_ms(),
          .first = pruned_.sequence + 1,
          .before = pruned_.hash};
}

void StorePg::checkpoint_when_due() {
  const bool first = checkpoint_ == 0;
  if (first || head_.sequence - checkpoint_ >= limits::kCheckpointRecords) return make_checkpoint();
  if (!std::exchange(checkpoint_waits_, true)) checkpoint_timer_.start(limits::kCheckpointMs);
}

Statement checkpoint_row(const audit::Checkpoint& said, const audit::Signed& made) {
  const std::string_view signature(reinterpret_cast<const char*>(made.signature.data()),
                                   made.signature.size());
  return {.sql = &sql::kInsertCheckpoint,
          .params = {Param::integer(static_cast<std::int64_t>(said.sequence)), Param::integer(said.at_ms),
                     Param::integer(static_cast<std::int64_t>(said.purpose)), Param::raw(made.statement),
                     Param::raw(signature)}};
}

audit::Signed signed_of(const Rows& rows, std::size_t row) {
  audit::Signed stored{.statement = cell(rows, row, 0).value_or(""), .signature = {}};
  const std::string signature = cell(rows, row, 1).value_or("");
  if (signature.size() == stored.signature.size()) std::ranges::copy(signature, stored.signature.begin());
  return stored;
}

loop::Task<std::vector<audit::Signed>> read_vouchers(Store& store) {
  Statement ask{.sql = &sql::kVouchers, .params = {}};
  const Rows rows = co_await store.query(std::move(ask));
  std::vector<audit::Signed> vouchers;
  for (std::size_t row = 0; row < rows.rows.size() && row < audit::kMostVouchers; ++row)
    vouchers.push_back(signed_of(rows, row));
  co_return vouchers;
}

void StorePg::make_checkpoint() {
  checkpoint_timer_.stop();
  checkpoint_waits_ = false;
  if (head_.sequence == checkpoint_) return;
  checkpoint_ = head_.sequence;
  const audit::Checkpoint said = audit_end();
  const audit::Signed made = keys_.sign(said);
  const std::string_view signature(reinterpret_cast<const char*>(made.signature.data()),
                                   made.signature.size());
  log_.info("audit checkpoint", {{"record", said.sequence},
                                 {"hash", audit::hex(said.hash)},
                                 {"statement", audit::hex(made.statement)},
                                 {"signature", audit::hex(signature)}});
  write_text(checkpoint_row(said, made));
}

// The chain's own word on where it begins.  A row that only pretends to be one breaks the chain, which
// whoever checks it finds.
loop::Task<> StorePg::find_start() {
  Statement ask{.sql = &sql::kLastPrune, .params = {}};
  const Rows answer = co_await ask_writer(std::move(ask));
  if (answer.rows.empty()) co_return loop::Nothing{};
  const std::vector<std::optional<std::string>>& row = answer.rows[0];
  const bool good = row.size() == 2 && row[0] && row[1] && row[1]->size() == pruned_.hash.size();
  if (!good) co_return base::fail(base::Why::kBroken, "the record of the last pruning is damaged");
  pruned_.sequence = std::strtoull(row[0]->c_str(), nullptr, 10);
  row[1]->copy(reinterpret_cast<char*>(pruned_.hash.data()), pruned_.hash.size());
  co_return loop::Nothing{};
}

}  // namespace mcpbox::monitor
