// Run by the monitor at its start and after a lost connection.  Does not trust the database to hold the chain
// that it held before: what it says must continue what audit.head, or memory, remembers.
#include <unistd.h>

#include "privsep/base/visible.h"
#include "privsep/monitor/pg_rows.h"
#include "privsep/monitor/sql.h"
#include "privsep/monitor/store_pg.h"
#include "privsep/monitor/store_pg_sql.h"

namespace mcpbox::monitor {
namespace {

using base::Why;

// statement_timeout: the server ends what we gave up on.  search_path: nothing of anybody else shadows our
// tables.
constexpr std::string_view kSession =
    "search_path=mcpbox,pg_temp statement_timeout=10000 TimeZone=UTC DateStyle=ISO bytea_output=hex "
    "client_min_messages=error idle_in_transaction_session_timeout=10000 ";
// A record counts as durable when its COMMIT is answered; a log text may be lost in a power cut.
constexpr std::string_view kWriterSession = "synchronous_commit=on";
// Reads have filters that may be absent: one plan for all of them would use no index.  One read at a time, so
// what it may sort in memory is used once.
constexpr std::string_view kReaderSession =
    "synchronous_commit=off plan_cache_mode=force_custom_plan work_mem=16MB";
constexpr const char* kHidden = "not visible to this role";

base::Result<Conninfo> conninfo_for(const std::string& text, std::string_view connection,
                                    std::string_view session) {
  const std::string name = "mcpbox-monitor pid " + std::to_string(getpid()) + " " + std::string(connection);
  return read_conninfo(text, name, std::string(kSession) + std::string(session));
}

}  // namespace

loop::Task<> StorePg::start() {
  base::Result<Conninfo> writer = conninfo_for(conninfo_, "writer", kWriterSession);
  if (!writer) co_return std::unexpected(writer.error());
  base::Result<Conninfo> reader = conninfo_for(conninfo_, "reader", kReaderSession);
  if (!reader) co_return std::unexpected(reader.error());
  writer_ =
      std::make_unique<PgConnection>(loop_, log_, "writer", std::move(*writer), [this] { wake_soon(); });
  reader_ = std::make_unique<PgConnection>(loop_, log_, "reader", std::move(*reader), nullptr);
  co_await writer_->wait_up(kStartDeadlineMs);
  co_await reader_->wait_up(kStartDeadlineMs);
  co_await check_role();
  co_await take_lock(Patience::kLimited);
  co_await choose_key();
  const ChainHead stored = co_await stored_head();
  std::optional<Sealed> file = co_await compare_with_file(stored);
  co_await compare_decisions(stored, std::move(file));
  co_await find_start();
  head_ = stored;
  if (base::Result<void> saved = save_head(); !saved) co_return std::unexpected(saved.error());
  keys_.forget_other();
  serving_ = true;
  tasks_.spawn(run_writer());
  log_.info("store started", {{"records", head_.sequence}});
  co_return loop::Nothing{};
}

loop::Task<Rows> StorePg::ask_writer(Statement statement) {
  Batch batch;
  batch.push_back(std::move(statement));
  const loop::Later<Reply> later = writer_->run(batch);
  base::Result<Reply> reply = co_await later.result();
  if (!reply) co_return std::unexpected(reply.error());
  if (!reply->sqlstate.empty()) co_return base::fail(Why::kBroken, "the database could not answer the store");
  co_return std::move(reply->rows.front());
}

loop::Task<> StorePg::check_role() {
  Statement ask{.sql = &sql::kCheckRole, .params = {}};
  const base::Result<Rows> answer = co_await attempt(ask_writer(std::move(ask)));
  if (!answer || answer->rows.empty())
    co_return base::fail(Why::kBroken,
                         "the database has no schema of MCPbox that this role may use: run mcpbox-migrate");
  can_rewrite_audit_ = cell(*answer, 0, 0) != "f";
  if (can_rewrite_audit_)
    log_.warn("the database role could rewrite the audit log: use a second, weaker role");
  co_return loop::Nothing{};
}

// --- The lock ----------------------------------------------------------------------------------------------

loop::Task<> StorePg::take_lock(Patience patience) {
  const std::int64_t deadline = clock_.steady_ms() + kLockDeadlineMs;
  for (bool reported = false;;) {
    Statement ask{.sql = &sql::kTryLock, .params = {}};
    const Rows answer = co_await ask_writer(std::move(ask));
    if (cell(answer, 0, 0) == "t") co_return loop::Nothing{};
    const bool late = clock_.steady_ms() >= deadline;
    if (late && !std::exchange(reported, true)) co_await report_holder();
    if (late && patience == Patience::kLimited)
      co_return base::fail(Why::kConflict,
                           "another monitor uses this database: stop it first; the log names it");
    co_await loop_.sleep(kLockPauseMs);
  }
}

loop::Task<> StorePg::report_holder() {
  Statement ask{.sql = &sql::kLockHolder, .params = {}};
  const Rows holders = co_await ask_writer(std::move(ask));
  for (std::size_t row = 0; row < holders.rows.size(); ++row)
    log_.error("another monitor holds this database", {{"backend", cell(holders, row, 0).value_or(kHidden)},
                                                       {"client", cell(holders, row, 1).value_or(kHidden)},
                                                       {"since", cell(holders, row, 2).value_or(kHidden)}});
  co_return loop::Nothing{};
}

// --- The key -----------------------------------------------------------------------------------------------

// A rotation writes which key is in use in the transaction that seals every row with it.  So exactly one of
// two keys fits, whenever it was cut; before the first rotation there is no such row, and one key.
loop::Task<> StorePg::choose_key() {
  Statement ask{.sql = &sql::kKeyInUse, .params = {}};
  const Rows answer = co_await ask_writer(std::move(ask));
  if (answer.rows.empty()) co_return loop::Nothing{};
  const std::string value = cell(answer, 0, 0).value_or("");
  const std::string sequence = cell(answer, 0, 1).value_or("");
  const std::string seal = cell(answer, 0, 2).value_or("");
  const auto fits = [&](const Keys& keys) {
    const wire::Digest ours = keys.seal("settings", {kKeySetting, value, sequence});
    return seal == std::string_view(reinterpret_cast<const char*>(ours.data()), ours.size());
  };
  if (fits(keys_)) co_return loop::Nothing{};
  if (keys_.other() == nullptr || !fits(*keys_.other()))
    co_return base::fail(
        Why::kBroken,
        "the master key is not the one that this database was sealed with: give MCPbox the key that "
        "`mcpboxctl "
        "key rotate` left in the state folder, as its credential too where it has one, or restore a backup");
  keys_.use_other();
  log_.warn("a key rotation was cut after it was written: `mcpboxctl key rotate` finishes it");
  co_return loop::Nothing{};
}

// --- The chain ---------------------------------------------------------------------------------------------

loop::Task<ChainHead> StorePg::stored_head() {
  Statement ask{.sql = &sql::kAuditLast, .params = {}};
  const Rows answer = co_await ask_writer(std::move(ask));
  if (answer.rows.empty()) co_return ChainHead{};
  const base::Result<ChainedRecord> last = audit_record(answer.rows[0]);
  if (!last) co_return std::unexpected(last.error());
  if (!is_intact(*last))
    co_return base::fail(Why::kBroken, "the last audit record was changed in the database");
  if (!serving_) head_at_ms_ = last->at_ms;
  co_return last->head();
}

// The file is written after each commit, so the database may be ahead of it by what a crash cut off, never
// behind.
loop::Task<std::optional<StorePg::Sealed>> StorePg::compare_with_file(ChainHead stored) {
  const Keys* sealed_with = &keys_;
  base::Result<std::optional<Remembered>> file = read_head(head_fd_, keys_);
  // A rotation that was cut behind its transaction and before the file was written again.
  if (!file && keys_.other() != nullptr) {
    sealed_with = keys_.other();
    file = read_head(head_fd_, *sealed_with);
  }
  if (!file) co_return std::unexpected(file.error());
  if (!*file) {
    if (stored.sequence > 0)
      log_.warn("audit.head is empty: the stored chain is taken as it is", {{"records", stored.sequence}});
    co_return std::nullopt;
  }
  const Sealed sealed{.what = **file, .keys = sealed_with};
  const ChainHead known = sealed.what.head;
  if (stored == known) co_return sealed;
  if (stored.sequence <= known.sequence) {
    log_.error("the audit log lost records", {{"stored", stored.sequence}, {"remembered", known.sequence}});
    co_return base::fail(
        Why::kBroken,
        "the database's audit log ends before, or differs from, what audit.head remembers: its tail "
        "was cut or an old copy was restored; if you restored it yourself, empty audit.head");
  }
  co_await verify_from(known, stored);
  log_.warn("audit.head was behind", {{"stored", stored.sequence}, {"remembered", known.sequence}});
  co_return sealed;
}

loop::Task<Decisions> StorePg::decisions_until(const Keys& keys, std::uint64_t sequence) {
  Statement of_all{.sql = &sql::kLastDecisions, .params = {}};
  of_all.params.push_back(Param::integer(static_cast<std::int64_t>(sequence)));
  Statement of_tools{.sql = &sql::kLastToolDecisions, .params = of_all.params};
  const Rows last = co_await ask_writer(std::move(of_all));
  const Rows last_of_tools = co_await ask_writer(std::move(of_tools));
  Decisions decisions;
  decisions.take(keys, last, last_of_tools);
  co_return decisions;
}

// What the database says of decisions, up to the record that the file remembers, must be what the monitor
// knew when it wrote the file.  If it is not, somebody took one out, and nobody can tell which.
loop::Task<> StorePg::compare_decisions(ChainHead stored, std::optional<Sealed> file) {
  decisions_ = co_await decisions_until(keys_, stored.sequence);
  if (!file || !file->what.decisions) co_return loop::Nothing{};
  trusted_from_ = file->what.trusted_from;
  wire::Digest found = decisions_.sum();
  if (file->what.head != stored || file->keys != &keys_) {
    const Decisions then = co_await decisions_until(*file->keys, file->what.head.sequence);
    found = then.sum();
  }
  if (Keys::same(found, *file->what.decisions)) co_return loop::Nothing{};
  trusted_from_ = stored.sequence + 1;
  lost_decisions_ = true;
  log_.error(
      "decisions are missing from the database that audit.head remembers: none before this record counts",
      {{"record", trusted_from_}});
  co_return loop::Nothing{};
}

// Walks from the remembered record to the stored end.
loop::Task<> StorePg::verify_from(ChainHead known, ChainHead stored) {
  constexpr const char* kChanged =
      "the database's audit log does not continue what audit.head remembers: records were changed";
  ChainHead at = known;
  bool at_known = known.sequence == 0;  // nothing to find before the first record
  while (at != stored) {
    Statement ask{.sql = &sql::kAuditFrom, .params = {}};
    ask.params.push_back(Param::integer(static_cast<std::int64_t>(at.sequence + (at_known ? 1 : 0))));
    ask.params.push_back(Param::integer(kVerifyPage));
    const Rows page = co_await ask_writer(std::move(ask));
    if (page.rows.empty()) co_return base::fail(Why::kBroken, kChanged);
    for (const auto& row : page.rows) {
      const base::Result<ChainedRecord> record = audit_record(row);
      const bool good =
          record && (at_known ? follows(at, *record) : is_intact(*record) && record->head() == known);
      if (!good) co_return base::fail(Why::kBroken, kChanged);
      at = record->head();
      at_known = true;
    }
  }
  co_return loop::Nothing{};
}

// After a lost connection: what became of the transaction in flight?  Ends with an error only when the
// database is no longer the one that this monitor knows.
loop::Task<> StorePg::settle() {
  for (;;) {
    base::Result<loop::Nothing> step = co_await attempt(writer_->wait_up(kStoreDeadlineMs));
    if (step) step = co_await attempt(take_lock(Patience::kEndless));
    if (!step) {
      co_await loop_.sleep(kLockPauseMs);
      continue;
    }
    const base::Result<ChainHead> stored = co_await attempt(stored_head());
    if (!stored && !writer_->up()) continue;
    if (!stored) co_return std::unexpected(stored.error());
    if (!in_flight_.empty() && *stored == in_flight_head_) {
      succeed(in_flight_head_);
    } else if (*stored == head_) {
      take_back(Kept::kWhatHappened, {Why::kBroken, "the database went away: nothing was written"});
    } else {
      co_return base::fail(Why::kBroken,
                           "the stored audit log is not the one that this monitor wrote: restart it");
    }
    co_return loop::Nothing{};
  }
}

// --- Calls left open ---------------------------------------------------------------------------------------

AuditRecord StorePg::lost(AuditRecord intent) {
  intent.kind = AuditKind::kLifecycle;
  intent.action = "call_unknown";
  intent.number = 0;
  intent.payload.clear();
  return intent;
}

loop::Task<std::uint64_t> StorePg::close_open_calls() {
  Statement ask{.sql = &sql::kOpenCalls, .params = {}};
  const Rows open = co_await ask_writer(std::move(ask));
  for (const auto& row : open.rows) {
    const base::Result<ChainedRecord> intent = audit_record(row);
    if (!intent) co_return std::unexpected(intent.error());
    AuditRecord record = lost(intent->record);
    Statement text{.sql = &sql::kInsertLostExecution, .params = {}};
    text.params = {Param::uuid(record.call),      Param::uuid(record.subject),
                   Param::digest(record.digest),  Param::text(base::visible(record.actor)),
                   Param::integer(intent->at_ms), Param::integer(clock_.now_ms())};
    co_await append(std::move(record));
    write_text(std::move(text));
  }
  AuditRecord settled{.kind = AuditKind::kLifecycle, .actor = "monitor", .action = "open_calls_settled"};
  settled.number = static_cast<std::int64_t>(open.rows.size());
  co_await append(std::move(settled));
  co_return open.rows.size();
}

}  // namespace mcpbox::monitor
