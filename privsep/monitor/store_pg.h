// Store on PostgreSQL: a writer that carries the chain and a reader, each one PgConnection.
//
//   StorePg store(loop, clock, keys, log, conninfo, wire::kMonitorHeadFd);
//   co_await store.start();                 // the lock, the chain against audit.head; an error: do not serve
//   co_await store.close_open_calls();
//
// Writes wait in one queue and are taken from its front, one transaction at a time: as many append()s as
// stand there (at most limits::kAuditBatch), or one commit().  Sequence numbers and hashes are given when a
// transaction is made; the chain's head moves only when its COMMIT was answered.
//
// After a lost connection the writer takes the lock again (so the session before has ended) and reads the
// stored head: it is either the head before the transaction in flight, whose records then fail with kBroken,
// or the head after it, and then they were written, whatever the lost answer would have said.  Any other head
// is somebody else's work: the store stays down, and says so.
//
// How long a caller waits: what was never sent fails with kBroken after kStoreDeadlineMs.  An append() in
// flight over a lost connection fails with kTimeout then, which means *not known*.  A commit() in flight is
// answered when it is known, because memory must follow the rows: never with kTimeout.  What has happened
// (outcomes, endings of children) stays in the queue whatever its caller was told, and is written when that
// is possible again; an intent that turns out to be stored after its call was refused gets a "call_unknown".
//
// write_text() and query() share the reader, in order: a read sees the text written before it.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "policy/limits.h"
#include "privsep/base/clock.h"
#include "privsep/loop/task_set.h"
#include "privsep/monitor/audit_head.h"
#include "privsep/monitor/decisions.h"
#include "privsep/monitor/pg_connection.h"
#include "privsep/monitor/space_reserve.h"

namespace mcpbox::monitor {

inline constexpr std::size_t kStoreQueue = 4096;  // records that wait; beyond: kBusy
inline constexpr std::size_t kTextQueue = 1024;   // log texts not yet written; beyond: dropped, and said so
inline constexpr std::int64_t kStartDeadlineMs = 30'000;  // to reach the database at the start; then no start
// To get the lock at the start; then another monitor is running.  A killed one's session ends a moment after
// it.
inline constexpr std::int64_t kLockDeadlineMs = 3'000;
inline constexpr std::int64_t kLockPauseMs = 200;  // between two attempts
inline constexpr std::uint32_t kVerifyPage = 500;  // records read at a time where the chain is checked

class StorePg final : public Store {
 public:
  //   conninfo  libpq's key='value' form
  //   head_fd   audit.head, open read-write; stays the caller's
  StorePg(loop::Loop& loop, const base::Clock& clock, Keys& keys, const base::Log& log, std::string conninfo,
          int head_fd);
  ~StorePg() override;
  StorePg(const StorePg&) = delete;
  StorePg& operator=(const StorePg&) = delete;

  // Connects, becomes the only monitor of this database, finds which of two keys is in use, and compares the
  // stored chain with audit.head.  When decisions are missing that audit.head remembers, it starts all the
  // same, with trusted_from() behind all of them: whoever can write to the database must not be able to give
  // authority, nor keep the administrator out.
  //   kConflict  another monitor holds the lock; the log says which
  //   kInvalid   the connection string
  //   kBroken    the database is not there, has no schema, was sealed with another key, or its chain is not
  //   the
  //              one that audit.head remembers
  loop::Task<> start();

  // Records what became of calls that have an intent and no outcome: nobody knows.  To be called once, before
  // the first call.  Each gets a kLifecycle record "call_unknown" with its call and tool, and a readable log
  // row.
  //   returns  how many there were
  loop::Task<std::uint64_t> close_open_calls();

  loop::Task<Rows> query(Statement statement) override;
  loop::Task<std::uint64_t> append(AuditRecord record) override;
  loop::Task<std::uint64_t> commit(AuditRecord record, MakeRows rows) override;
  void write_text(Statement statement) override;
  [[nodiscard]] bool up() const override { return serving_ && writer_ && writer_->up() && reader_->up(); }
  [[nodiscard]] std::uint64_t audit_records() const override { return head_.sequence; }
  [[nodiscard]] std::uint64_t trusted_from() const override { return trusted_from_; }
  // Whether this start found decisions missing.
  [[nodiscard]] bool lost_decisions() const { return lost_decisions_; }
  [[nodiscard]] std::uint64_t changes() const override { return changes_; }
  [[nodiscard]] audit::Checkpoint audit_end() const override;
  [[nodiscard]] std::size_t waiting_records() const override { return queue_.size() + in_flight_.size(); }

  // Room on the database's disk: while it is short no call is recorded and no caller changes a row, and when
  // the database says that there is none, what is kept is given up.  Without one there is always room.
  void keep_room(SpaceReserve& reserve) { reserve_ = &reserve; }

  // Signs where the chain is now, stores that beside it, and writes it to the log.  By itself at the first
  // record, then every limits::kCheckpointRecords and limits::kCheckpointMs; also before an orderly end.
  void make_checkpoint();

  // True when the working role could rewrite the chain (one role for everything): a missing layer, for the
  // status.
  [[nodiscard]] bool can_rewrite_audit() const { return can_rewrite_audit_; }

 private:
  struct Entry {
    AuditRecord record;
    MakeRows rows;  // empty for append()
    std::int64_t at_ms = 0;
    std::int64_t expires_ms = 0;  // on the steady clock
    loop::Later<std::uint64_t> later;
  };
  using Entries = std::vector<Entry>;
  enum class Patience : std::uint8_t {
    kLimited,
    kEndless
  };  // endless: until the lock is ours or the connection lost

  // store_pg.cc: the queue and its transactions
  loop::Task<std::uint64_t> enqueue(AuditRecord record, MakeRows rows);
  loop::Task<> run_writer();
  loop::Task<> wait_for_work();
  loop::Task<> write_next();
  Entries take_entries();
  Batch make_batch(Entries& entries, ChainHead& head) const;
  void wake();
  void wake_soon();
  void succeed(const ChainHead& head);
  enum class Kept : std::uint8_t { kNothing, kWhatHappened };
  void take_back(Kept kept, const base::Error& why);
  static bool has_happened(const Entry& entry);
  static AuditRecord lost(AuditRecord intent);
  void expire();
  loop::Task<> write_one_text(Statement statement);
  base::Result<void> save_head();
  [[nodiscard]] base::Result<void> has_room_for(const AuditRecord& record, const MakeRows& rows) const;

  // store_pg_checkpoints.cc
  void checkpoint_when_due();
  loop::Task<> find_start();

  // store_pg_start.cc: who we are, and where the chain ends
  loop::Task<> take_lock(Patience patience);
  loop::Task<> report_holder();
  loop::Task<> check_role();
  loop::Task<> choose_key();
  loop::Task<ChainHead> stored_head();
  struct Sealed {
    Remembered what;
    const Keys* keys = nullptr;  // that sealed it
  };
  loop::Task<std::optional<Sealed>> compare_with_file(ChainHead stored);
  loop::Task<> compare_decisions(ChainHead stored, std::optional<Sealed> file);
  loop::Task<Decisions> decisions_until(const Keys& keys, std::uint64_t sequence);
  loop::Task<> verify_from(ChainHead known, ChainHead stored);
  loop::Task<> settle();
  loop::Task<Rows> ask_writer(Statement statement);

  loop::Loop& loop_;
  const base::Clock& clock_;
  Keys& keys_;
  const base::Log& log_;
  std::string conninfo_;
  int head_fd_;

  std::unique_ptr<PgConnection> writer_;
  std::unique_ptr<PgConnection> reader_;
  std::deque<Entry> queue_;
  Entries in_flight_;                 // entries of the transaction whose answer is awaited, or was lost
  ChainHead head_;                    // of what is known to be stored
  ChainHead in_flight_head_;          // what it will be when in_flight_ is stored
  std::int64_t head_at_ms_ = 0;       // the time in the record at head_
  std::int64_t in_flight_at_ms_ = 0;  // and at in_flight_head_
  Decisions decisions_;               // up to head_
  std::uint64_t trusted_from_ = 0;
  bool lost_decisions_ = false;
  std::uint64_t changes_ = 0;     // transactions with rows
  ChainHead pruned_;              // the last record that retention may have dropped
  std::uint64_t checkpoint_ = 0;  // the record of the last checkpoint of this process
  SpaceReserve* reserve_ = nullptr;
  bool serving_ = false;
  bool head_saved_ = true;  // audit.head says head_
  bool can_rewrite_audit_ = false;
  std::size_t texts_ = 0;  // write_text() that have not ended
  loop::Later<loop::Nothing> work_;
  bool wake_scheduled_ = false;
  loop::Timer expiry_;
  loop::Timer checkpoint_timer_;
  bool checkpoint_waits_ = false;
  std::shared_ptr<bool> alive_ =
      std::make_shared<bool>(true);  // false once destroyed, seen by loop callbacks
  loop::TaskSet tasks_;              // last: its tasks use everything above
};

}  // namespace mcpbox::monitor
