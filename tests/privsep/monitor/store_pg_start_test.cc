// Mirrors privsep/monitor/store_pg_start.cc: the lock, the remembered end of the chain, and calls left open.
#include "privsep/monitor/sql.h"
#include "privsep/monitor/sql_logs.h"
#include "privsep/monitor/sql_reads.h"
#include "tests/privsep/monitor/store_fixture.h"

namespace mcpbox::monitor {
namespace {

class StoreStartTest : public StoreTest {
 protected:
  void write_records(int count) {
    const auto store = started();
    for (int i = 0; i < count; ++i) ASSERT_TRUE(append(*store).has_value());
  }
  base::Why refused() {
    const auto store = make_store();
    const base::Result<loop::Nothing> start = wait(loop, store->start());
    EXPECT_FALSE(start.has_value());
    EXPECT_FALSE(store->up());
    EXPECT_FALSE(append(*store).has_value());
    return start ? base::Why::kTimeout : start.error().why;
  }
  std::string head_bytes() {
    std::string bytes(120, '\0');
    EXPECT_EQ(pread(head.get(), bytes.data(), bytes.size(), 0), 120);
    return bytes;
  }
};

TEST_F(StoreStartTest, ASecondMonitorIsRefusedUntilTheFirstIsGone) {
  {
    const auto first = started();
    EXPECT_EQ(refused(), base::Why::kConflict);
    EXPECT_TRUE(append(*first).has_value());
  }
  const auto second = started();
  EXPECT_EQ(append(*second).value_or(0), 2U);
}

TEST_F(StoreStartTest, TheConnectionsSayWhoseTheyAre) {
  const auto store = started();
  EXPECT_EQ(
      sql("SELECT string_agg(application_name, ', ' ORDER BY application_name) FROM pg_stat_activity WHERE "
          "datname = current_database() AND usename = 'mcpbox_monitor'"),
      "mcpbox-monitor pid " + std::to_string(getpid()) + " reader, mcpbox-monitor pid " +
          std::to_string(getpid()) + " writer");
}

TEST_F(StoreStartTest, ARestartContinuesTheChain) {
  write_records(3);
  const auto store = started();
  EXPECT_EQ(store->audit_records(), 3U);
  EXPECT_EQ(append(*store).value_or(0), 4U);
  expect_whole_chain(4);
}

TEST_F(StoreStartTest, AFileThatACrashLeftBehindIsBroughtUpToDate) {
  write_records(1);
  const std::string old = head_bytes();
  write_records(2);
  const std::string now = head_bytes();
  ASSERT_EQ(pwrite(head.get(), old.data(), old.size(), 0), 120);
  started();
  EXPECT_EQ(head_bytes(), now);
}

TEST_F(StoreStartTest, ACutTailIsRefused) {
  write_records(3);
  sql("DELETE FROM audit WHERE sequence = 3");
  EXPECT_EQ(refused(), base::Why::kBroken);
}

TEST_F(StoreStartTest, AnEmptiedChainIsRefused) {
  write_records(3);
  sql("TRUNCATE audit");
  EXPECT_EQ(refused(), base::Why::kBroken);
}

TEST_F(StoreStartTest, AnotherChainOfTheSameLengthIsRefused) {
  write_records(2);
  const std::string remembered = head_bytes();
  sql("TRUNCATE audit");
  ASSERT_EQ(ftruncate(head.get(), 0), 0);
  write_records(2);
  ASSERT_EQ(pwrite(head.get(), remembered.data(), remembered.size(), 0), 120);
  EXPECT_EQ(refused(), base::Why::kBroken);
}

TEST_F(StoreStartTest, AnotherChainThatIsLongerIsRefused) {
  write_records(2);
  const std::string remembered = head_bytes();
  sql("TRUNCATE audit");
  ASSERT_EQ(ftruncate(head.get(), 0), 0);
  write_records(5);
  ASSERT_EQ(pwrite(head.get(), remembered.data(), remembered.size(), 0), 120);
  EXPECT_EQ(refused(), base::Why::kBroken);
}

TEST_F(StoreStartTest, AChangedRecordBetweenTheRememberedOneAndTheEndIsRefused) {
  write_records(1);
  const std::string remembered = head_bytes();
  write_records(3);
  ASSERT_EQ(pwrite(head.get(), remembered.data(), remembered.size(), 0), 120);
  sql("UPDATE audit SET actor = 'eve' WHERE sequence = 2");
  EXPECT_EQ(refused(), base::Why::kBroken);
}

TEST_F(StoreStartTest, AChangedLastRecordIsRefused) {
  write_records(2);
  sql("UPDATE audit SET number = 9 WHERE sequence = 2");
  EXPECT_EQ(refused(), base::Why::kBroken);
}

TEST_F(StoreStartTest, ADamagedFileIsRefused) {
  write_records(1);
  ASSERT_EQ(ftruncate(head.get(), 40), 0);
  EXPECT_EQ(refused(), base::Why::kBroken);
}

TEST_F(StoreStartTest, AnEmptiedFileTakesTheChainAsItIs) {
  write_records(2);
  ASSERT_EQ(ftruncate(head.get(), 0), 0);
  const auto store = started();
  EXPECT_EQ(append(*store).value_or(0), 3U);
}

TEST_F(StoreStartTest, AFileThatCannotBeWrittenStopsTheStart) {
  head = base::Fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(refused(), base::Why::kBroken);
}

TEST_F(StoreStartTest, ADatabaseWithoutOurSchemaIsRefusedByName) {
  database = server->make_empty();
  EXPECT_EQ(refused(), base::Why::kBroken);
}

TEST_F(StoreStartTest, ABadConnectionStringIsRefused) {
  const auto store = make_store("host=db.example.org user=u");
  const base::Result<loop::Nothing> start = wait(loop, store->start());
  ASSERT_FALSE(start.has_value());
  EXPECT_EQ(start.error().why, base::Why::kInvalid);
}

TEST_F(StoreStartTest, OneRoleForEverythingIsReportedAndTheWorkingRoleIsNot) {
  EXPECT_FALSE(started()->can_rewrite_audit());
  const auto store = make_store(server->conninfo(database, "mcpbox_owner"));
  ASSERT_TRUE(wait(loop, store->start()).has_value());
  EXPECT_TRUE(store->can_rewrite_audit());
}

// --- Calls left open ---------------------------------------------------------------------------------------

AuditRecord call_record(AuditKind kind, const wire::Id& call, const wire::Id& tool) {
  AuditRecord record{.kind = kind, .actor = "unix:alice", .action = "call"};
  record.call = call;
  record.subject = tool;
  return record;
}

TEST_F(StoreStartTest, ACallWithAnIntentAndNoOutcomeIsClosedOnceAsUnknown) {
  const wire::Id ended = random_id(), open = random_id(), tool = random_id(), other = random_id();
  {
    const auto store = started();
    AuditRecord create{.kind = AuditKind::kConfiguration, .actor = "root", .action = "create"};
    ASSERT_TRUE(wait(loop, store->commit(std::move(create), [&](std::uint64_t) {
                  const Statement statement{
                      .sql = &sql::kInsertServer,
                      .params = {Param::uuid(other), Param::text("weather"), Param::text(""), Param::null()}};
                  return std::vector<Statement>{statement, insert_tool(tool, other, "now")};
                })).has_value());
    EXPECT_EQ(wait(loop, store->close_open_calls()).value_or(99), 0U);
    ASSERT_TRUE(wait(loop, store->append(call_record(AuditKind::kCallIntent, ended, tool))).has_value());
    ASSERT_TRUE(wait(loop, store->append(call_record(AuditKind::kCallIntent, open, tool))).has_value());
    ASSERT_TRUE(wait(loop, store->append(call_record(AuditKind::kCallOutcome, ended, tool))).has_value());
  }
  {
    const auto store = started();
    EXPECT_EQ(wait(loop, store->close_open_calls()).value_or(99), 1U);
    EXPECT_EQ(wait(loop, store->close_open_calls()).value_or(99), 0U);
    const auto logs = rows(
        *store, sql::kLogs,
        {Param::text("unix:alice"), Param::text("weather__now"), Param::integer(10), Param::integer(1),
         Param::null(), Param::null(), Param::null(), Param::null(), Param::null(), Param::integer(100)});
    EXPECT_NE(logs.at(0).at(0)->find("\"end\" : \"unknown\""), std::string::npos) << *logs[0][0];
  }
  const auto store = started();
  EXPECT_EQ(wait(loop, store->close_open_calls()).value_or(99), 0U);
  EXPECT_EQ(sql("SELECT count(*) FROM audit WHERE action = 'call_unknown'"), "1");
  EXPECT_EQ(sql("SELECT kind || ' ' || encode(actor, 'escape') FROM audit WHERE action = 'call_unknown'"),
            "7 unix:alice");
}

TEST_F(StoreStartTest, ACrashWhileClosingOpenCallsClosesNoneTwice) {
  const wire::Id first = random_id(), second = random_id();
  {
    const auto store = started();
    ASSERT_TRUE(wait(loop, store->append(call_record(AuditKind::kCallIntent, first, {}))).has_value());
    ASSERT_TRUE(wait(loop, store->append(call_record(AuditKind::kCallIntent, second, {}))).has_value());
    AuditRecord unknown = call_record(AuditKind::kLifecycle, first, {});  // what was written before the crash
    unknown.action = "call_unknown";
    ASSERT_TRUE(wait(loop, store->append(std::move(unknown))).has_value());
  }
  const auto store = started();
  EXPECT_EQ(wait(loop, store->close_open_calls()).value_or(99), 1U);
}

TEST_F(StoreStartTest, TheWorkingRoleCanAddToTheChainButNeitherChangeNorCutIt) {
  write_records(1);
  for (const char* statement :
       {"UPDATE audit SET actor = 'eve'", "DELETE FROM audit", "TRUNCATE audit", "DELETE FROM approvals",
        "UPDATE approvals SET state = 'approved'", "DROP TABLE audit", "CREATE TABLE mine (x int)",
        "DELETE FROM schema_migrations", "UPDATE executions SET success = true", "DELETE FROM executions"})
    EXPECT_THROW(server->sql(statement, database, "mcpbox_monitor"), std::runtime_error) << statement;
}

}  // namespace
}  // namespace mcpbox::monitor
