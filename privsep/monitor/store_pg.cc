// Run by the monitor.  Trusts the database to keep what it acknowledged; checks everything else against the
// chain.
#include "privsep/monitor/store_pg.h"

#include <algorithm>
#include <iterator>

#include "privsep/monitor/audit_written.h"
#include "privsep/monitor/store_pg_sql.h"

namespace mcpbox::monitor {
namespace {

using base::Why;
namespace limits = policy::limits;

constexpr std::int64_t kExpiryTickMs = 1'000;
constexpr std::int64_t kPassingMs = 1'000;  // between two tries of what the database refuses for a while
constexpr const char* kDiskFull = "53100";

// What a refused transaction means to its caller.
base::Error meaning_of(const std::string& sqlstate) {
  if (sqlstate == "23505") return {Why::kConflict, "that name is taken"};
  if (sqlstate == "P0002") return {Why::kConflict, "what this was based on has changed: read it again"};
  if (sqlstate == kDiskFull) return {Why::kBroken, "the disk is full: nothing was written"};
  return {Why::kBroken, "the database refused the change: nothing was written"};
}

// It was refused for a while: no room, somebody else's lock, a time that was up.
bool passes(const std::string& sqlstate) {
  return sqlstate.starts_with("53") || sqlstate.starts_with("40") || sqlstate == "57014";
}

}  // namespace

StorePg::StorePg(loop::Loop& loop, const base::Clock& clock, Keys& keys, const base::Log& log,
                 std::string conninfo, int head_fd)
    : loop_(loop),
      clock_(clock),
      keys_(keys),
      log_(log),
      conninfo_(std::move(conninfo)),
      head_fd_(head_fd),
      expiry_(loop, [this] { expire(); }),
      checkpoint_timer_(loop, [this] { make_checkpoint(); }) {}

StorePg::~StorePg() { *alive_ = false; }

// --- Reading, and text -------------------------------------------------------------------------------------

loop::Task<Rows> StorePg::query(Statement statement) {
  if (!reader_) co_return base::fail(Why::kBroken, "the store was not started");
  co_await reader_->wait_up(kStoreDeadlineMs);
  Batch batch;
  batch.push_back(std::move(statement));
  base::Result<Reply> reply = co_await reader_->run(batch).result();
  if (!reply) co_return std::unexpected(reply.error());
  if (!reply->sqlstate.empty()) co_return base::fail(Why::kBroken, "the database could not answer a read");
  co_return std::move(reply->rows.front());
}

void StorePg::write_text(Statement statement) {
  const bool can_be_left_out = statement.sql != &sql::kInsertCheckpoint;
  if (can_be_left_out && reserve_ != nullptr && !reserve_->held()) return;  // what is left is for the chain
  if (texts_ >= kTextQueue) return log_.warn("log text dropped", {{"waiting", texts_}});
  ++texts_;
  tasks_.spawn(write_one_text(std::move(statement)));
}

loop::Task<> StorePg::write_one_text(Statement statement) {
  base::Result<Rows> written = co_await attempt(query(std::move(statement)));
  --texts_;
  if (!written) log_.warn("log text lost", {{"why", written.error().text}});
  co_return loop::Nothing{};
}

// --- The queue ---------------------------------------------------------------------------------------------

loop::Task<std::uint64_t> StorePg::append(AuditRecord record) {
  if (!is_written(record.kind)) co_return head_.sequence;
  const std::uint64_t sequence = co_await enqueue(std::move(record), {});
  co_return sequence;
}

loop::Task<std::uint64_t> StorePg::commit(AuditRecord record, MakeRows rows) {
  if (!rows) PANIC("commit() without rows");
  return enqueue(std::move(record), std::move(rows));
}

loop::Task<std::uint64_t> StorePg::enqueue(AuditRecord record, MakeRows rows) {
  if (!serving_) co_return base::fail(Why::kBroken, "the audit log is not writable");
  if (base::Result<void> good = check(record); !good) co_return std::unexpected(good.error());
  if (base::Result<void> room = has_room_for(record, rows); !room) co_return std::unexpected(room.error());
  if (queue_.size() >= kStoreQueue) co_return base::fail(Why::kBusy, "too many records wait to be written");
  Entry entry{.record = std::move(record),
              .rows = std::move(rows),
              .at_ms = clock_.now_ms(),
              .expires_ms = clock_.steady_ms() + kStoreDeadlineMs,
              .later = {}};
  const loop::Later<std::uint64_t> later = entry.later;
  queue_.push_back(std::move(entry));
  wake_soon();
  co_return co_await later.result();
}

// What can wait when space is short: calls, and what callers of the gateways change.
base::Result<void> StorePg::has_room_for(const AuditRecord& record, const MakeRows& rows) const {
  constexpr std::string_view kCallers[] = {"unix:", "client:", "remote:", "anonymous:"};
  const auto begins = [&record](std::string_view caller) { return record.actor.starts_with(caller); };
  const bool of_caller = rows && std::ranges::any_of(kCallers, begins);
  if (reserve_ == nullptr || (record.kind != AuditKind::kCallIntent && !of_caller)) return {};
  return reserve_->check();
}

// After this turn of the loop, so that records of one turn share a transaction.
void StorePg::wake_soon() {
  if (std::exchange(wake_scheduled_, true)) return;
  expiry_.start(kExpiryTickMs);
  loop_.soon([this, alive = alive_] {
    if (!*alive) return;
    wake_scheduled_ = false;
    wake();
  });
}

void StorePg::wake() {
  loop::Later<loop::Nothing> work = std::exchange(work_, {});
  work.resolve(loop::Nothing{});
}

loop::Task<> StorePg::wait_for_work() {
  while (queue_.empty() && writer_->up()) {
    const loop::Later<loop::Nothing> work = work_;
    [[maybe_unused]] const base::Result<loop::Nothing> woken = co_await work.result();
  }
  co_return loop::Nothing{};
}

// What cannot be undone by refusing it.  Its caller waits no longer than others, but the record stays until
// it is written: an intent without an end would say less than is known.
bool StorePg::has_happened(const Entry& entry) {
  return entry.record.kind == AuditKind::kCallOutcome || entry.record.kind == AuditKind::kChildEnding;
}

void StorePg::expire() {
  const std::int64_t now = clock_.steady_ms();
  std::vector<loop::Later<std::uint64_t>> never_sent, unknown;
  for (const Entry& entry : queue_)
    if (entry.expires_ms <= now) never_sent.push_back(entry.later);
  std::erase_if(queue_,
                [now](const Entry& entry) { return entry.expires_ms <= now && !has_happened(entry); });
  for (const Entry& entry : in_flight_)
    if (entry.expires_ms <= now && !entry.rows && !writer_->up()) unknown.push_back(entry.later);
  if (!queue_.empty() || !in_flight_.empty()) expiry_.start(kExpiryTickMs);

  for (auto& later : never_sent)
    later.resolve(base::fail(Why::kBroken, "the audit log is not writable: nothing was written"));
  for (auto& later : unknown)
    later.resolve(
        base::fail(Why::kTimeout, "the database went away: not known whether the record was written"));
}

// --- Transactions ------------------------------------------------------------------------------------------

// The writer's whole life after start(): one transaction after another; after each loss, find out where we
// are.
loop::Task<> StorePg::run_writer() {
  for (;;) {
    co_await wait_for_work();
    if (writer_->up() && !queue_.empty()) {
      const base::Result<loop::Nothing> answered = co_await attempt(write_next());
      if (answered) continue;
    }
    if (writer_->up() && in_flight_.empty()) continue;
    const base::Result<loop::Nothing> settled = co_await attempt(settle());
    if (settled) continue;
    serving_ = false;
    log_.error("the store stays down", settled.error());
    take_back(Kept::kNothing, settled.error());
    for (Entry& entry : std::exchange(queue_, {})) entry.later.resolve(std::unexpected(settled.error()));
    co_return loop::Nothing{};
  }
}

// A record that is older than the one before it stands behind one that says so: nothing else may go back.
StorePg::Entries StorePg::take_entries() {
  Entries entries;
  in_flight_at_ms_ = head_at_ms_;
  do {
    const Entry& next = queue_.front();
    if (next.at_ms < in_flight_at_ms_) {
      Entry stepped{.record = {.kind = AuditKind::kLifecycle, .actor = "priv", .action = "clock_stepped"},
                    .rows = {},
                    .at_ms = next.at_ms,
                    .expires_ms = next.expires_ms,
                    .later = {}};
      stepped.record.number = in_flight_at_ms_ - next.at_ms;
      entries.push_back(std::move(stepped));
    }
    in_flight_at_ms_ = next.at_ms;
    entries.push_back(std::move(queue_.front()));
    queue_.pop_front();
  } while (!entries.back().rows && !queue_.empty() && !queue_.front().rows &&
           entries.size() < limits::kAuditBatch);
  return entries;
}

// Chains the entries behind `head`, which moves on.
Batch StorePg::make_batch(Entries& entries, ChainHead& head) const {
  Batch batch;
  batch.push_back({.sql = &sql::kBegin, .params = {}});
  for (const Entry& entry : entries) {
    const ChainedRecord record = chain(head, entry.at_ms, entry.record);
    head = record.head();
    batch.push_back({.sql = &sql::kInsertAudit, .params = audit_params(record)});
    if (entry.rows)
      for (Statement& statement : entry.rows(record.sequence)) batch.push_back(std::move(statement));
  }
  batch.push_back({.sql = &sql::kCommit, .params = {}});
  return batch;
}

loop::Task<> StorePg::write_next() {
  // A chain that gets ahead of a file that cannot be written would look forged after the next start.
  if (!head_saved_) {
    if (base::Result<void> saved = save_head(); !saved) {
      in_flight_ = take_entries();
      take_back(Kept::kNothing, saved.error());
      co_return loop::Nothing{};
    }
  }
  in_flight_ = take_entries();
  for (bool again = true; again;) {
    in_flight_head_ = head_;
    const Batch batch = make_batch(in_flight_, in_flight_head_);
    const loop::Later<Reply> later = writer_->run(batch);
    const base::Result<Reply> reply = co_await later.result();
    if (!reply) co_return std::unexpected(reply.error());  // lost: settle() finds out what was stored
    again = reply->sqlstate == kDiskFull && reserve_ != nullptr && reserve_->give_up();
    if (again) continue;
    if (reply->sqlstate.empty()) {
      succeed(in_flight_head_);
      continue;
    }
    const bool passing = passes(reply->sqlstate);
    take_back(passing ? Kept::kWhatHappened : Kept::kNothing, meaning_of(reply->sqlstate));
    if (passing) co_await loop_.sleep(kPassingMs);
  }
  co_return loop::Nothing{};
}

base::Result<void> StorePg::save_head() {
  base::Result<void> saved = write_head(
      head_fd_, keys_, {.head = head_, .decisions = decisions_.sum(), .trusted_from = trusted_from_});
  if (!saved) log_.error("audit.head was not written", saved.error());
  head_saved_ = saved.has_value();
  return saved;
}

void StorePg::succeed(const ChainHead& head) {
  std::uint64_t sequence = head_.sequence;
  head_ = head;
  head_at_ms_ = in_flight_at_ms_;
  const Entries stored = std::exchange(in_flight_, {});
  // Before audit.head is sealed and before any caller goes on: a new master key counts from its record on.
  for (const Entry& entry : stored) {
    ++sequence;
    if (entry.rows) ++changes_;
    decisions_.note(keys_, entry.record, sequence);
    if (entry.record.action == kPruneAction)
      pruned_ = {.sequence = static_cast<std::uint64_t>(entry.record.number), .hash = entry.record.digest};
    const std::int64_t waited = clock_.steady_ms() - (entry.expires_ms - kStoreDeadlineMs);
    tell({.sequence = sequence, .at_ms = entry.at_ms, .waited_ms = waited, .record = entry.record});
    if (entry.record.action == kRotateAction) decisions_.sum_anew(keys_);
  }
  // What is stored is stored; the next write waits.
  [[maybe_unused]] const base::Result<void> saved = save_head();
  sequence -= stored.size();
  for (const Entry& entry : stored) {
    loop::Later<std::uint64_t> later = entry.later;
    // Nothing ran: the caller was told that it is not known whether this is written, and refused the call.
    if (later.resolved() && entry.record.kind == AuditKind::kCallIntent)
      tasks_.spawn(append(lost(entry.record)));
    later.resolve(++sequence);
  }
  checkpoint_when_due();
}

// Of a transaction that was not written.
void StorePg::take_back(Kept kept, const base::Error& why) {
  Entries again, failed;
  for (Entry& entry : std::exchange(in_flight_, {}))
    (kept == Kept::kWhatHappened && has_happened(entry) ? again : failed).push_back(std::move(entry));
  queue_.insert(queue_.begin(), std::make_move_iterator(again.begin()), std::make_move_iterator(again.end()));
  if (!queue_.empty()) expiry_.start(kExpiryTickMs);
  for (Entry& entry : failed) entry.later.resolve(std::unexpected(why));
}

}  // namespace mcpbox::monitor
