// Mirrors privsep/monitor/store_pg.cc: the queue, its transactions, and lost connections, on a real
// PostgreSQL.
#include "privsep/monitor/store_pg.h"

#include "privsep/monitor/sql.h"
#include "tests/privsep/monitor/store_loss.h"

namespace mcpbox::monitor {
namespace {

Statement new_server(const wire::Id& id, const std::string& name) {
  return {.sql = &sql::kInsertServer,
          .params = {Param::uuid(id), Param::text(name), Param::text("about"), Param::null()}};
}

// Appends without waiting for one before the next.
struct Burst {
  std::vector<base::Result<std::uint64_t>> results;
  std::size_t left = 0;
};
loop::Task<> append_one(StorePg& store, Burst& burst, std::size_t index, loop::Loop& loop) {
  AuditRecord record{.kind = AuditKind::kCallIntent, .actor = "unix:alice", .action = "call"};
  record.number = static_cast<std::int64_t>(index);
  burst.results[index] = co_await attempt(store.append(std::move(record)));
  if (--burst.left == 0) loop.stop();
  co_return loop::Nothing{};
}
// Starts `count` appends in one turn, then calls `meanwhile`, and runs the loop until all have ended.
Burst append_many(
    loop::Loop& loop, StorePg& store, std::size_t count, const std::function<void()>& meanwhile = [] {}) {
  Burst burst;
  burst.results.assign(count, base::fail(base::Why::kTimeout, "never answered"));
  burst.left = count;
  loop::TaskSet tasks;
  loop::Timer guard(loop, [&] { loop.stop(); });
  guard.start(kTestGuardMs);
  for (std::size_t i = 0; i < count; ++i) tasks.spawn(append_one(store, burst, i, loop));
  meanwhile();
  if (burst.left > 0) loop.run();
  EXPECT_EQ(burst.left, 0U);
  return burst;
}

TEST_F(StoreTest, RecordsGetTheirNumbersInTheOrderOfTheCalls) {
  const auto store = started();
  const Burst burst = append_many(loop, *store, 20);
  for (std::size_t i = 0; i < burst.results.size(); ++i) {
    ASSERT_TRUE(burst.results[i].has_value());
    EXPECT_EQ(*burst.results[i], i + 1);
  }
  EXPECT_EQ(sql("SELECT count(*) FROM audit WHERE sequence = number + 1"), "20");
  EXPECT_EQ(store->audit_records(), 20U);
  expect_whole_chain(20);
}

TEST_F(StoreTest, RecordsThatWaitTogetherShareATransaction) {
  const auto store = started();
  append_many(loop, *store, policy::limits::kAuditBatch);
  EXPECT_EQ(sql("SELECT count(DISTINCT xmin::text) FROM audit"), "1");
  append_many(loop, *store, policy::limits::kAuditBatch + 1);
  EXPECT_EQ(sql("SELECT count(DISTINCT xmin::text) FROM audit"), "3");
  append_many(loop, *store, policy::limits::kAuditBatch - 1);
  EXPECT_EQ(sql("SELECT count(DISTINCT xmin::text) FROM audit"), "4");
  expect_whole_chain(std::uint64_t{3} * policy::limits::kAuditBatch);
}

TEST_F(StoreTest, ARecordThatCannotBeStoredFailsAloneAndAtOnce) {
  const auto store = started();
  AuditRecord record{.actor = std::string(129, 'a'), .action = "call"};
  const base::Result<std::uint64_t> refused = wait(loop, store->append(std::move(record)));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().why, base::Why::kInvalid);
  EXPECT_EQ(append(*store).value_or(0), 1U);
}

TEST_F(StoreTest, BytesFromOutsideCannotAbortARecord) {
  const auto store = started();
  AuditRecord record{
      .actor = std::string("\xff\0\xc3", 3), .action = "call", .payload = std::string("\0\x80'", 3)};
  ASSERT_TRUE(wait(loop, store->append(std::move(record))).has_value());
  EXPECT_EQ(sql("SELECT encode(actor, 'hex') || encode(payload, 'hex') FROM audit"), "ff00c3008027");
}

TEST_F(StoreTest, ACommitWritesItsRowsWithItsRecordAndKnowsItsNumber) {
  const auto store = started();
  ASSERT_TRUE(append(*store).has_value());
  std::uint64_t seen = 0;
  AuditRecord record{.kind = AuditKind::kConfiguration, .actor = "root", .action = "create"};
  const base::Result<std::uint64_t> done =
      wait(loop, store->commit(std::move(record), [&](std::uint64_t sequence) -> std::vector<Statement> {
        seen = sequence;
        return {new_server(random_id(), "weather")};
      }));
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(*done, 2U);
  EXPECT_EQ(seen, 2U);
  EXPECT_EQ(sql("SELECT count(DISTINCT xmin::text) FROM (SELECT xmin FROM audit WHERE sequence = 2 "
                "UNION ALL SELECT xmin FROM servers) t"),
            "1");
  EXPECT_EQ(rows(*store, sql::kLoadServers).size(), 1U);
}

TEST_F(StoreTest, ATakenNameIsAConflictAndLeavesNoRecord) {
  const auto store = started();
  ASSERT_TRUE(commit(*store, {new_server(random_id(), "weather")}).has_value());
  const base::Result<std::uint64_t> taken =
      commit(*store, {new_server(random_id(), "other"), new_server(random_id(), "weather")});
  ASSERT_FALSE(taken.has_value());
  EXPECT_EQ(taken.error().why, base::Why::kConflict);
  EXPECT_EQ(sql("SELECT count(*) FROM servers"), "1");
  EXPECT_EQ(append(*store).value_or(0), 2U);
  expect_whole_chain(2);
}

TEST_F(StoreTest, AChangeOfARowThatIsNotThereIsAConflict) {
  const auto store = started();
  const Statement change{.sql = &sql::kUpdateServerStatus,
                         .params = {Param::uuid(random_id()), Param::text("running")}};
  const base::Result<std::uint64_t> refused = commit(*store, {change});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().why, base::Why::kConflict);
  expect_whole_chain(0);
}

TEST_F(StoreTest, ATextWithANulFailsItsCommitInsteadOfBeingStoredShort) {
  const auto store = started();
  const base::Result<std::uint64_t> refused =
      commit(*store, {new_server(random_id(), std::string("a\0b", 3))});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().why, base::Why::kBroken);
  EXPECT_EQ(sql("SELECT count(*) FROM servers"), "0");
  EXPECT_EQ(append(*store).value_or(0), 1U);
}

TEST_F(StoreTest, AReadThatTheDatabaseRefusesIsAnErrorAndTheNextOneWorks) {
  const auto store = started();
  constexpr Sql kWrong{"wrong", "SELECT 1 / ($1::int)"};
  Statement statement{.sql = &kWrong, .params = {Param::integer(0)}};
  EXPECT_FALSE(wait(loop, store->query(std::move(statement))).has_value());
  constexpr Sql kNonsense{"nonsense", "SELEKT"};
  Statement nonsense{.sql = &kNonsense, .params = {}};
  EXPECT_FALSE(wait(loop, store->query(std::move(nonsense))).has_value());
  EXPECT_EQ(rows(*store, kWrong, {Param::integer(1)}).at(0).at(0), "1");
}

TEST_F(StoreTest, ColumnsComeBackAsTheyWereSent) {
  const auto store = started();
  constexpr Sql kEcho{"echo", "SELECT $1::bytea, $2::uuid, $3::text, $4::bigint, $5::boolean, $6::text"};
  const wire::Id id = random_id();
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  const auto row = rows(*store, kEcho,
                        {Param::raw(bytes), Param::uuid(id), Param::text("ü'\\"),
                         Param::integer(-9'000'000'000), Param::boolean(true), Param::null()})
                       .at(0);
  EXPECT_EQ(row[0], bytes);
  EXPECT_EQ(row[1], std::string(id.begin(), id.end()));
  EXPECT_EQ(row[2], "ü'\\");
  EXPECT_EQ(row[3], "-9000000000");
  EXPECT_EQ(row[4], "t");
  EXPECT_EQ(row[5], std::nullopt);
}

// --- Lost connections --------------------------------------------------------------------------------------

TEST_F(StoreLossTest, ARecordWhoseAnswerWasLostButIsStoredCountsAsWritten) {
  proxy->cut_next(CuttingProxy::Cut::kAnswerLost);
  EXPECT_EQ(append(*store).value_or(0), 2U);
  EXPECT_EQ(append(*store).value_or(0), 3U);
  expect_whole_chain(3);
}

TEST_F(StoreLossTest, ACommitWhoseAnswerWasLostButIsStoredCountsAsWritten) {
  ASSERT_TRUE(commit(*store, {new_server(random_id(), "first")}).has_value());
  proxy->cut_next(CuttingProxy::Cut::kAnswerLost);
  EXPECT_EQ(commit(*store, {new_server(random_id(), "weather")}).value_or(0), 3U);
  EXPECT_EQ(sql("SELECT count(*) FROM servers"), "2");
  expect_whole_chain(3);
}

TEST_F(StoreLossTest, ARecordThatNeverReachedTheDatabaseFailsAndItsNumberIsUsedAgain) {
  proxy->cut_next(CuttingProxy::Cut::kCommitLost);
  const base::Result<std::uint64_t> lost = append(*store);
  ASSERT_FALSE(lost.has_value());
  EXPECT_EQ(lost.error().why, base::Why::kBroken);
  EXPECT_EQ(append(*store).value_or(0), 2U);
  expect_whole_chain(2);
}

TEST_F(StoreLossTest, ARecordThatIsNeverSentFailsAfterTheDeadlineAndServiceReturns) {
  proxy->shut();
  wait_until_noticed();
  const std::int64_t before = clock.steady_ms();
  const base::Result<std::uint64_t> refused = append(*store);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().why, base::Why::kBroken);
  EXPECT_GE(clock.steady_ms() - before, kStoreDeadlineMs);
  EXPECT_FALSE(store->up());
  proxy->open();
  EXPECT_EQ(append(*store).value_or(0), 2U);
  expect_whole_chain(2);
}

TEST_F(StoreLossTest, ARecordInFlightOverALongOutageIsAnsweredAsNotKnown) {
  proxy->cut_next_and_shut(CuttingProxy::Cut::kCommitLost);
  const base::Result<std::uint64_t> unknown = append(*store);
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().why, base::Why::kTimeout);
  proxy->open();
  EXPECT_EQ(append(*store).value_or(0), 2U);
  expect_whole_chain(2);
}

TEST_F(StoreLossTest, AWriteWaitsForTheConnectionToComeBack) {
  end_backend("writer");
  EXPECT_EQ(append(*store).value_or(0), 2U);
}

TEST_F(StoreLossTest, AReadWaitsForTheConnectionToComeBack) {
  end_backend("reader");
  EXPECT_EQ(rows(*store, sql::kLoadServers).size(), 0U);
}

TEST_F(StoreLossTest, KilledBackendsUnderLoadLoseNothingThatWasAnswered) {
  std::set<std::uint64_t> written{1};
  std::size_t failed = 0;
  for (int round = 0; round < 5; ++round) {
    const Burst burst = append_many(loop, *store, 300, [&] {
      std::thread([name = database, &db = *server] {
        db.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + name +
               "' AND application_name LIKE '%writer'");
      }).join();
    });
    for (const auto& result : burst.results) {
      if (result) {
        EXPECT_TRUE(written.insert(*result).second) << "a number was given twice";
      } else {
        ++failed;
      }
    }
  }
  EXPECT_EQ(written.size() + failed, 1501U);
  expect_whole_chain(written.size());
  EXPECT_EQ(*written.rbegin(), written.size());
}

TEST_F(StoreLossTest, AChainThatSomebodyElseContinuedIsNotContinuedByUs) {
  proxy->shut();
  EXPECT_FALSE(append(*store).has_value());
  sql("DELETE FROM audit");
  proxy->open();
  const base::Result<std::uint64_t> refused = append(*store);
  ASSERT_FALSE(refused.has_value());
  EXPECT_FALSE(store->up());
  EXPECT_FALSE(append(*store).has_value());
  expect_whole_chain(0);
}

}  // namespace
}  // namespace mcpbox::monitor
