// One connection to PostgreSQL that never blocks the loop: asynchronous from the first step on, in pipeline
// mode, made again by itself after a loss.
//
//   loop::Later<Reply> later = connection.run(batch);
//   base::Result<Reply> reply = co_await later.result();
//
// A batch is sent at once behind those before it and ends with a sync: it is one transaction, implicitly or
// between the BEGIN and COMMIT that it carries.  Statements are prepared under their name when this
// connection first uses them; their parameters always travel beside the text.
//
// Every failure of transport is one event: the connection is given up, every unanswered batch fails with
// kBroken (kTimeout for the one that took too long), and it is for the caller to find out what was committed.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "privsep/base/handles.h"
#include "privsep/base/log.h"
#include "privsep/loop/loop.h"
#include "privsep/monitor/pg_conninfo.h"
#include "privsep/monitor/store.h"

struct pg_conn;
struct pg_result;
extern "C" void PQfinish(pg_conn*);

namespace mcpbox::monitor {

inline constexpr std::int64_t kStoreDeadlineMs = 10'000;   // one batch; then the connection is given up
inline constexpr std::int64_t kConnectDeadlineMs = 5'000;  // one attempt to connect; then the next
inline constexpr std::int64_t kReconnectFirstMs =
    100;  // pause after a lost connection, doubled each time up to
inline constexpr std::int64_t kReconnectMostMs = 2'000;  // this

using Batch = std::vector<Statement>;

// What the server said to a batch.
struct Reply {
  std::vector<Rows> rows;  // one per statement; complete only when sqlstate is empty
  std::string sqlstate;    // of the statement that failed; nothing of the batch was done then
};

class PgConnection {
 public:
  // Starts connecting.  `on_lost` is called from the loop after each loss of an established connection, when
  // every batch has failed.  name: for the log, a literal.
  PgConnection(loop::Loop& loop, const base::Log& log, const char* name, Conninfo info,
               std::function<void()> on_lost);
  ~PgConnection();
  PgConnection(const PgConnection&) = delete;
  PgConnection& operator=(const PgConnection&) = delete;

  // Sends the batch.  kBroken at once when the connection is not up.
  [[nodiscard]] loop::Later<Reply> run(const Batch& batch);

  // Ends when the connection is up; kBroken after `milliseconds`.
  loop::Task<> wait_up(std::int64_t milliseconds);

  [[nodiscard]] bool up() const { return state_ == State::kUp; }
  [[nodiscard]] std::size_t unanswered() const { return exchanges_.size(); }

 private:
  enum class State : std::uint8_t { kDown, kConnecting, kUp };
  // Everything up to one sync.
  struct Exchange {
    std::size_t statements = 0;  // results that a success must have brought
    Reply reply;
    std::string prepares;                     // the statement's name when this is a PREPARE of our own
    std::optional<loop::Later<Reply>> later;  // none when nobody waits
  };

  void connect();
  void poll_connect();
  void wait_for(loop::Ready ready, void (PgConnection::*next)());
  void established();
  void on_readable();
  void on_writable();
  void take(const pg_result* result);
  void take_error(const pg_result* result);
  void finish_exchange();
  void lose(base::Why why, const char* what);
  void lose_soon();
  bool send(const Batch& batch);
  bool send_plan_mode(bool keep);
  bool send_batch(const Batch& batch);
  bool send_prepare(const Sql& sql);
  bool send_statement(const Statement& statement);
  void expect(Exchange exchange);

  loop::Loop& loop_;
  const base::Log& log_;
  const char* name_;
  Conninfo info_;
  std::function<void()> on_lost_;

  State state_ = State::kDown;
  std::unique_ptr<pg_conn, base::FreeWith<PQfinish>> connection_;
  std::optional<loop::Watch> readable_;
  std::optional<loop::Watch> writable_;
  loop::Timer deadline_;  // of the connection attempt, or of the batch in front
  loop::Timer reconnect_;
  std::int64_t pause_ms_ = kReconnectFirstMs;
  unsigned empty_turns_ = 0;  // end-of-statement marks in a row
  std::deque<Exchange> exchanges_;
  std::set<std::string> prepared_;
  bool keeps_plans_ = false;  // what was sent last says Plan::kKept
  std::vector<loop::Later<loop::Nothing>> waiting_;
  std::shared_ptr<bool> alive_ =
      std::make_shared<bool>(true);  // false once destroyed, seen by loop callbacks
};

}  // namespace mcpbox::monitor
