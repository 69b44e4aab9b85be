// Run by the monitor.  Trusts the database to keep its rows; not to be there, to answer in time, or to answer
// in step: anything unexpected gives the connection up.  libpq never waits here: no PQexec, no blocking
// connect.
#include "privsep/monitor/pg_connection.h"

#include <libpq-fe.h>

#include <algorithm>

#include "privsep/monitor/pg_rows.h"

namespace mcpbox::monitor {
namespace {

using base::Why;
using PgResult = std::unique_ptr<PGresult, base::FreeWith<PQclear>>;

constexpr Sql kRollback{"rollback", "ROLLBACK"};
constexpr Sql kKeepPlans{"keep_plans", "SET plan_cache_mode = force_generic_plan"};
constexpr Sql kFitPlans{"fit_plans", "RESET plan_cache_mode"};
constexpr unsigned kEmptyTurnsMost =
    3;  // libpq ends each statement with one; more means that we are out of step

// libpq prints what it has nobody to tell to standard error, unescaped; losses are logged where they are
// found.
void ignore_notice(void* /*context*/, const char* /*message*/) {}

std::string field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? std::string() : text;
}

}  // namespace

PgConnection::PgConnection(loop::Loop& loop, const base::Log& log, const char* name, Conninfo info,
                           std::function<void()> on_lost)
    : loop_(loop),
      log_(log),
      name_(name),
      info_(std::move(info)),
      on_lost_(std::move(on_lost)),
      deadline_(loop, [this] { lose(Why::kTimeout, "the database did not answer in time"); }),
      reconnect_(loop, [this] { connect(); }) {
  connect();
}

PgConnection::~PgConnection() { *alive_ = false; }

// --- Connecting ------------------------------------------------------------------------------------------

void PgConnection::connect() {
  std::vector<const char*> keywords, values;
  for (const auto& [keyword, value] : info_) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  connection_.reset(PQconnectStartParams(keywords.data(), values.data(), 0));
  if (connection_ == nullptr) PANIC("out of memory for a database connection");
  PQsetNoticeProcessor(connection_.get(), ignore_notice, nullptr);
  state_ = State::kConnecting;
  deadline_.start(kConnectDeadlineMs);
  if (PQstatus(connection_.get()) == CONNECTION_BAD)
    return lose(Why::kBroken, "cannot connect to the database");
  wait_for(loop::Ready::kWrite, &PgConnection::poll_connect);
}

void PgConnection::wait_for(loop::Ready ready, void (PgConnection::*next)()) {
  std::optional<loop::Watch>& watch = ready == loop::Ready::kRead ? readable_ : writable_;
  watch.emplace(loop_, PQsocket(connection_.get()), ready, [this, next] { (this->*next)(); });
  watch->enable();
}

void PgConnection::poll_connect() {
  readable_.reset();  // the next step may be on another socket
  writable_.reset();
  switch (PQconnectPoll(connection_.get())) {
    case PGRES_POLLING_READING:
      return wait_for(loop::Ready::kRead, &PgConnection::poll_connect);
    case PGRES_POLLING_WRITING:
      return wait_for(loop::Ready::kWrite, &PgConnection::poll_connect);
    case PGRES_POLLING_OK:
      return established();
    default:
      return lose(Why::kBroken, "cannot connect to the database");
  }
}

void PgConnection::established() {
  deadline_.stop();
  if (PQsetnonblocking(connection_.get(), 1) != 0 || PQenterPipelineMode(connection_.get()) != 1)
    return lose(Why::kBroken, "the database connection has no pipeline");
  wait_for(loop::Ready::kRead, &PgConnection::on_readable);
  wait_for(loop::Ready::kWrite, &PgConnection::on_writable);
  state_ = State::kUp;
  pause_ms_ = kReconnectFirstMs;
  log_.info("database connected", {{"connection", name_}, {"backend", PQbackendPID(connection_.get())}});
  for (loop::Later<loop::Nothing>& later : std::exchange(waiting_, {})) later.resolve(loop::Nothing{});
}

loop::Task<> PgConnection::wait_up(std::int64_t milliseconds) {
  if (up()) co_return loop::Nothing{};
  loop::Later<loop::Nothing> later;
  std::erase_if(waiting_, [](const auto& other) { return other.resolved(); });  // those that gave up
  waiting_.push_back(later);
  loop::Timer timer(loop_, [later]() mutable {
    later.resolve(base::fail(Why::kBroken, "the database is not there: try again later"));
  });
  timer.start(milliseconds);
  co_return co_await later.result();
}

// --- Losing ----------------------------------------------------------------------------------------------

void PgConnection::lose(Why why, const char* what) {
  const bool was_up = state_ == State::kUp;
  if (was_up || pause_ms_ == kReconnectFirstMs)  // the first of an outage, not each attempt
    log_.warn("database connection lost",
              {{"connection", name_}, {"what", what}, {"says", PQerrorMessage(connection_.get())}});
  readable_.reset();  // before libpq closes the socket under them
  writable_.reset();
  deadline_.stop();
  connection_.reset();
  state_ = State::kDown;
  prepared_.clear();
  keeps_plans_ = false;
  reconnect_.start(pause_ms_);
  pause_ms_ = std::min(2 * pause_ms_, kReconnectMostMs);
  for (Exchange& exchange : std::exchange(exchanges_, {})) {
    if (exchange.later) exchange.later->resolve(base::fail(why, what));
    why = Why::kBroken;  // only the batch in front was late
  }
  if (was_up && on_lost_) on_lost_();
}

// From within run(): the batches in front must not fail before run() has returned.
void PgConnection::lose_soon() {
  loop_.soon([this, alive = alive_, broken = connection_.get()] {
    if (*alive && connection_.get() == broken && up()) lose(Why::kBroken, "cannot send to the database");
  });
}

// --- Sending ---------------------------------------------------------------------------------------------

loop::Later<Reply> PgConnection::run(const Batch& batch) {
  loop::Later<Reply> later;
  if (!up()) {
    later.resolve(base::fail(Why::kBroken, "the database is not there: try again later"));
  } else if (send(batch)) {
    expect({.statements = batch.size(), .later = later});
  } else {
    later.resolve(base::fail(Why::kBroken, "cannot send to the database"));
    lose_soon();
  }
  return later;
}

bool PgConnection::send(const Batch& batch) {
  const bool keep =
      std::ranges::all_of(batch, [](const Statement& one) { return one.sql->plan == Plan::kKept; });
  return (keep == keeps_plans_ || send_plan_mode(keep)) && send_batch(batch);
}

// A sync of its own, before the batch's: no transaction may undo it.
bool PgConnection::send_plan_mode(bool keep) {
  if (!send_batch({{.sql = keep ? &kKeepPlans : &kFitPlans, .params = {}}})) return false;
  keeps_plans_ = keep;
  expect({.statements = 1});
  return true;
}

bool PgConnection::send_batch(const Batch& batch) {
  for (const Statement& statement : batch)
    if (!prepared_.contains(statement.sql->name) && !send_prepare(*statement.sql)) return false;
  for (const Statement& statement : batch)
    if (!send_statement(statement)) return false;
  return PQpipelineSync(connection_.get()) == 1;
}

// A sync of its own, so that a transaction that fails cannot take the PREPARE with it.
bool PgConnection::send_prepare(const Sql& sql) {
  if (PQsendPrepare(connection_.get(), sql.name, sql.text, 0, nullptr) != 1) return false;
  if (PQpipelineSync(connection_.get()) != 1) return false;
  prepared_.insert(sql.name);
  expect({.statements = 1, .prepares = sql.name});
  return true;
}

bool PgConnection::send_statement(const Statement& statement) {
  std::vector<const char*> values;
  std::vector<int> lengths, formats;
  for (const Param& param : statement.params) {
    using Type = Param::Type;
    // Text goes as binary too: as a C string it would end at its first NUL and be stored short.
    const bool exact = param.type == Type::kText || param.type == Type::kBytes || param.type == Type::kUuid;
    values.push_back(param.type == Type::kNull ? nullptr : param.bytes.c_str());
    lengths.push_back(static_cast<int>(param.bytes.size()));
    formats.push_back(exact ? 1 : 0);
  }
  return PQsendQueryPrepared(connection_.get(), statement.sql->name, static_cast<int>(values.size()),
                             values.data(), lengths.data(), formats.data(), 0) == 1;
}

void PgConnection::expect(Exchange exchange) {
  exchanges_.push_back(std::move(exchange));
  if (exchanges_.size() == 1) deadline_.start(kStoreDeadlineMs);
  writable_->enable();
}

void PgConnection::on_writable() {
  const int left = PQflush(connection_.get());
  if (left < 0) return lose(Why::kBroken, "the database went away");
  if (left == 0) writable_->disable();
}

// --- Receiving -------------------------------------------------------------------------------------------

void PgConnection::on_readable() {
  const PGconn* const current = connection_.get();
  if (PQconsumeInput(connection_.get()) != 1) return lose(Why::kBroken, "the database went away");
  // Whoever gets an answer may send more, which may show that the connection is gone.
  while (connection_.get() == current && up() && !exchanges_.empty() && PQisBusy(connection_.get()) == 0) {
    const PgResult result(PQgetResult(connection_.get()));
    take(result.get());
  }
}

void PgConnection::take(const PGresult* result) {
  if (result == nullptr) {
    if (++empty_turns_ > kEmptyTurnsMost) lose(Why::kBroken, "the database's answers are out of step");
    return;
  }
  empty_turns_ = 0;
  switch (PQresultStatus(result)) {
    case PGRES_PIPELINE_SYNC:
      return finish_exchange();
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
      exchanges_.front().reply.rows.push_back(rows_of(result));
      return;
    case PGRES_FATAL_ERROR:
      return take_error(result);
    case PGRES_PIPELINE_ABORTED:
      return;  // behind the statement that failed
    default:
      return lose(Why::kBroken, "the database's answers are out of step");
  }
}

void PgConnection::take_error(const PGresult* result) {
  Exchange& exchange = exchanges_.front();
  if (!exchange.reply.sqlstate.empty()) return;
  exchange.reply.sqlstate = field(result, PG_DIAG_SQLSTATE);
  if (exchange.reply.sqlstate.empty()) exchange.reply.sqlstate = "XX000";  // libpq's own errors have none
  // The primary message only: details quote rows.
  log_.warn("database refused a statement", {{"connection", name_},
                                             {"sqlstate", exchange.reply.sqlstate},
                                             {"says", field(result, PG_DIAG_MESSAGE_PRIMARY)}});
}

void PgConnection::finish_exchange() {
  const bool failed = !exchanges_.front().reply.sqlstate.empty();
  if (!failed && exchanges_.front().reply.rows.size() != exchanges_.front().statements)
    return lose(Why::kBroken, "the database's answers are out of step");
  Exchange done = std::move(exchanges_.front());
  exchanges_.pop_front();
  if (failed && !done.prepares.empty()) prepared_.erase(done.prepares);
  if (failed &&
      done.later) {  // an explicit transaction is still open, and failed: end it before anything else
    const Batch rollback{{.sql = &kRollback, .params = {}}};
    if (send_batch(rollback)) {
      expect({.statements = 1});
    } else {
      lose_soon();
    }
  }
  if (exchanges_.empty()) {
    deadline_.stop();
  } else {
    deadline_.start(kStoreDeadlineMs);
  }
  if (done.later) done.later->resolve(std::move(done.reply));
}

}  // namespace mcpbox::monitor
