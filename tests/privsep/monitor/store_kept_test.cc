// Mirrors privsep/monitor/store_pg.cc: an intent does not stay without an end because the database was away,
// or full, at the wrong moment.  Only what has happened is kept: what can still be refused is refused.
#include "privsep/monitor/store_pg.h"

#include <functional>
#include <optional>

#include "privsep/loop/task_set.h"
#include "tests/privsep/monitor/store_loss.h"

namespace mcpbox::monitor {
namespace {

class StoreKeptTest : public StoreLossTest {
 protected:
  static AuditRecord of_call(AuditKind kind) {
    AuditRecord record{.kind = kind, .actor = "unix:alice", .action = "call"};
    record.call[0] = 42;
    return record;
  }
  base::Result<std::uint64_t> write(AuditKind kind) { return wait(loop, store->append(of_call(kind))); }
  // "kind/action" of each record, in order.
  std::string stored() const {
    return sql("SELECT string_agg(kind || '/' || action, ' ' ORDER BY sequence) FROM audit");
  }
  // Runs the loop until the chain has so many records.
  void wait_for_records(std::uint64_t count) {
    const auto poll = [count](StorePg& watched, loop::Loop& in) -> loop::Task<> {
      while (watched.audit_records() < count) co_await in.sleep(1);
      co_return loop::Nothing{};
    };
    EXPECT_TRUE(wait(loop, poll(*store, loop)).has_value());
  }
};

TEST_F(StoreKeptTest, AnOutcomeThatNeverReachedTheDatabaseIsSentAgain) {
  proxy->cut_next(CuttingProxy::Cut::kCommitLost);
  EXPECT_EQ(write(AuditKind::kCallOutcome).value_or(0), 2U);
  expect_whole_chain(2);
}

TEST_F(StoreKeptTest, AnOutcomeWhoseAnswerWasLostIsNotWrittenTwice) {
  proxy->cut_next(CuttingProxy::Cut::kAnswerLost);
  EXPECT_EQ(write(AuditKind::kCallOutcome).value_or(0), 2U);
  EXPECT_EQ(write(AuditKind::kCallIntent).value_or(0), 3U);
  EXPECT_EQ(stored(), "1/call 2/call 1/call");
}

TEST_F(StoreKeptTest, AfterALongOutageOutcomesAreWrittenAndIntentsAreNot) {
  proxy->shut();
  wait_until_noticed();
  loop::TaskSet tasks;
  std::optional<base::Result<std::uint64_t>> outcome;
  const auto keep = [&outcome](StorePg& in) -> loop::Task<> {
    outcome = co_await loop::attempt(in.append(of_call(AuditKind::kCallOutcome)));
    co_return loop::Nothing{};
  };
  tasks.spawn(keep(*store));
  const base::Result<std::uint64_t> refused = write(AuditKind::kCallIntent);
  ASSERT_FALSE(refused.has_value());
  ASSERT_TRUE(outcome.has_value()) << "its caller waits no longer than the other";
  EXPECT_FALSE(outcome->has_value());
  proxy->open();
  wait_for_records(2);
  EXPECT_EQ(stored(), "1/call 2/call");
  expect_whole_chain(2);
}

TEST_F(StoreKeptTest, AnIntentThatIsStoredAfterItsCallWasRefusedGetsItsEnd) {
  proxy->cut_next_and_shut(CuttingProxy::Cut::kAnswerLost);
  const base::Result<std::uint64_t> unknown = write(AuditKind::kCallIntent);
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().why, base::Why::kTimeout);
  proxy->open();
  wait_for_records(3);
  EXPECT_EQ(stored(), "1/call 1/call 7/call_unknown");
  EXPECT_EQ(sql("SELECT count(*) FROM audit WHERE call = '2a000000-0000-0000-0000-000000000000'"), "2");
  EXPECT_EQ(wait(loop, store->close_open_calls()).value_or(99), 1U) << "the fixture's own, and not this one";
}

TEST_F(StoreKeptTest, OnAFullDiskAnOutcomeWaitsForRoomAndAnIntentIsRefused) {
  sql("CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS "
      "$$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$");
  sql("CREATE TRIGGER no_room BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION no_room()");
  loop::TaskSet tasks;
  std::optional<base::Result<std::uint64_t>> outcome;
  const auto keep = [&outcome](StorePg& in) -> loop::Task<> {
    outcome = co_await loop::attempt(in.append(of_call(AuditKind::kCallOutcome)));
    co_return loop::Nothing{};
  };
  tasks.spawn(keep(*store));
  const base::Result<std::uint64_t> refused = write(AuditKind::kCallIntent);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().text, "the disk is full: nothing was written");
  EXPECT_EQ(stored(), "1/call");
  sql("DROP TRIGGER no_room ON audit");
  wait_for_records(2);
  EXPECT_EQ(stored(), "1/call 2/call");
  expect_whole_chain(2);
}

}  // namespace
}  // namespace mcpbox::monitor
