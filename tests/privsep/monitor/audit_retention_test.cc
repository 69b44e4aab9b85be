// Mirrors privsep/monitor/audit_retention.cc and privsep/migrate/maintain.cc, on a real PostgreSQL:
// segments are sealed, closed and dropped whole, and what is left still verifies, and says what is missing by
// design.
#include "privsep/monitor/audit_retention.h"

#include "tests/privsep/monitor/verified_log.h"

namespace mcpbox::monitor {
namespace {

using audit::Damage;

class SteppingClock final : public base::Clock {
 public:
  std::int64_t t = 1'900'000'000'000;
  [[nodiscard]] std::int64_t now_ms() const override { return t; }
  [[nodiscard]] std::int64_t steady_ms() const override { return base::SystemClock().steady_ms(); }
};

constexpr std::int64_t kDay = 86'400'000;
constexpr std::uint64_t kEndless = 1ULL << 50;

class AuditRetentionTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    store = begin();
  }
  void TearDown() override { store.reset(); }  // before its clock

  std::unique_ptr<StorePg> begin() {
    auto made = std::make_unique<StorePg>(loop, stepping, keys, log,
                                          server->conninfo(database, "mcpbox_monitor"), head.get());
    const base::Result<loop::Nothing> start = wait(loop, made->start());
    EXPECT_TRUE(start.has_value()) << start.error().text;
    return made;
  }
  void write(int count) {
    for (int i = 0; i < count; ++i) ASSERT_TRUE(append(*store).has_value());
  }
  void seal() {
    AuditRetention kept = retention();
    ASSERT_TRUE(wait(loop, kept.seal()).has_value());
  }
  AuditRetention retention() { return {*store, keys, stepping, log}; }
  void maintain() { ASSERT_EQ(server->maintain(database), 0); }
  // A day with its records, sealed and closed at its end.
  void day(int records) {
    write(records);
    seal();
    maintain();
    stepping.t += kDay;
  }
  std::uint64_t prune(std::int64_t before_ms, std::uint64_t most = kEndless, bool asked = false) {
    AuditRetention::Prune what{.actor = "root", .before_ms = before_ms, .most_bytes = most, .asked = asked};
    AuditRetention kept = retention();
    const base::Result<std::uint64_t> first = wait(loop, kept.prune(std::move(what)));
    EXPECT_TRUE(first.has_value()) << first.error().text;
    maintain();
    return first.value_or(0);
  }
  std::string segments() {
    return sql(
        "SELECT string_agg(c.relname, ' ' ORDER BY substring(c.relname FROM 12)::int) FROM pg_inherits i "
        "JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'audit'::regclass");
  }
  audit::Verifier verified() { return verified_log(*this, *store); }

  SteppingClock stepping;
  std::unique_ptr<StorePg> store;
};

TEST_F(AuditRetentionTest, SegmentsAreClosedWhereTheyWereSealed) {
  EXPECT_EQ(segments(), "audit_from_1");
  write(5);
  seal();
  write(3);  // before anybody closed it
  maintain();
  EXPECT_EQ(segments(), "audit_from_1 audit_from_6");
  EXPECT_EQ(sql("SELECT count(*) FROM audit_from_1"), "5");
  EXPECT_EQ(sql("SELECT count(*) FROM audit_from_6"), "3");
  maintain();
  EXPECT_EQ(segments(), "audit_from_1 audit_from_6") << "a second time changes nothing";
  write(2);
  expect_whole_chain(10);
  EXPECT_FALSE(verified().damage()) << audit::report_of(verified());
}

TEST_F(AuditRetentionTest, OldSegmentsGoWholeAndTheRestVerifiesAndSaysWhatIsMissing) {
  for (int i = 0; i < 4; ++i) day(5);  // records 1-5, 6-10, 11-15, 16-20
  EXPECT_EQ(prune(stepping.t - 5 * kDay), 1U) << "nothing is that old";
  EXPECT_EQ(store->audit_records(), 20U) << "and nothing was recorded";
  EXPECT_EQ(prune(stepping.t - 2 * kDay), 11U);
  EXPECT_EQ(segments(), "audit_from_11 audit_from_16 audit_from_21");
  EXPECT_EQ(sql("SELECT actor = 'root' AND number = 10 FROM audit WHERE action = 'audit_prune'"), "t");
  const audit::Verifier verifier = verified();
  EXPECT_FALSE(verifier.damage()) << audit::report_of(verifier);
  EXPECT_EQ(verifier.first(), 11U);
  EXPECT_NE(audit::report_of(verifier).find("Records 1 to 10 are missing by design"), std::string::npos)
      << audit::report_of(verifier);
}

TEST_F(AuditRetentionTest, BySizeTheOldestGoAndTheOpenSegmentStays) {
  for (int i = 0; i < 3; ++i) day(5);
  EXPECT_EQ(prune(0, 1), 16U) << "even the open one is larger than that";
  EXPECT_EQ(segments(), "audit_from_16");
  EXPECT_FALSE(verified().damage()) << audit::report_of(verified());
}

TEST_F(AuditRetentionTest, ARestartOfAPrunedLogKnowsWhereItBegins) {
  for (int i = 0; i < 3; ++i) day(5);
  ASSERT_EQ(prune(stepping.t - kDay), 11U);
  store.reset();
  store = begin();
  EXPECT_EQ(store->audit_end().first, 11U);
  write(1);
  EXPECT_FALSE(verified().damage()) << audit::report_of(verified());
  const auto seals = [this] {
    AuditRetention kept = retention();
    EXPECT_TRUE(wait(loop, kept.seal_when_due()).has_value());
    return sql("SELECT count(*) FROM audit_checkpoints WHERE purpose = 3");
  };
  EXPECT_EQ(seals(), "4") << "a day has passed";
  write(1);
  EXPECT_EQ(seals(), "4") << "not yet";
  stepping.t += kDay;
  EXPECT_EQ(seals(), "5");
  stepping.t += kDay;
  EXPECT_EQ(seals(), "5") << "nothing was recorded since";
}

TEST_F(AuditRetentionTest, MoreThanRetentionTookIsDamage) {
  for (int i = 0; i < 3; ++i) day(5);
  ASSERT_EQ(prune(stepping.t - 2 * kDay), 6U);
  sql("DROP TABLE audit_from_6");
  const audit::Verifier verifier = verified();
  ASSERT_TRUE(verifier.damage());
  EXPECT_EQ(verifier.damage()->damage, Damage::kCutStart);
  EXPECT_EQ(verifier.damage()->record, 6U);
}

TEST_F(AuditRetentionTest, AForgedSealMovesNothingAndDropsNothing) {
  day(5);
  write(5);
  sql("INSERT INTO audit_checkpoints SELECT 8, 0, 3, statement, signature FROM audit_checkpoints WHERE "
      "purpose = 3");
  sql("UPDATE audit_checkpoints SET statement = set_byte(statement, 50, 1) WHERE sequence = 8");
  maintain();
  EXPECT_EQ(prune(stepping.t + kDay), 6U) << "what was signed goes, what was forged stays";
}

TEST_F(AuditRetentionTest, TheLastDecisionOnASubjectOutlivesItsSegment) {
  AuditRecord revoke{.kind = AuditKind::kDecision, .actor = "root", .action = "revoke"};
  revoke.subject.fill(9);
  ASSERT_TRUE(wait(loop, store->append(std::move(revoke))).has_value());
  day(4);
  ASSERT_EQ(prune(stepping.t, kEndless), 6U);
  const auto last = rows(*store, sql::kLastDecisions, {Param::integer(1'000'000)});
  ASSERT_GE(last.size(), 1U);
  EXPECT_EQ(*last.back().at(1), "revoke");
  EXPECT_EQ(*last.back().at(2), "1");
}

TEST_F(AuditRetentionTest, TheWorkingRoleCanNeitherMakeNorDropASegment) {
  day(2);
  for (const std::string statement :
       {"DROP TABLE mcpbox.audit_from_1", "DELETE FROM mcpbox.audit_from_1", "TRUNCATE mcpbox.audit",
        "INSERT INTO mcpbox.audit_kept_decisions VALUES (gen_random_uuid(), 'x', 1)",
        "CREATE TABLE mcpbox.mine (LIKE mcpbox.audit)",
        "ALTER TABLE mcpbox.audit DETACH PARTITION audit_from_1"})
    EXPECT_THROW(server->sql(statement, database, "mcpbox_monitor"), std::runtime_error) << statement;
}

TEST_F(AuditRetentionTest, TextsGoByAgeAndByTheLastPruning) {
  stepping.t = base::SystemClock().now_ms();
  sql("INSERT INTO servers (id, name, description, status) VALUES ('00000000-0000-0000-0000-000000000001', "
      "'s', '', "
      "'running')");
  sql("INSERT INTO tools (id, server_id, name, description, code, input_schema, parameters, timeout_ms, "
      "enabled, "
      "digest, current_version, approval_status) VALUES ('00000000-0000-0000-0000-000000000002', "
      "'00000000-0000-0000-0000-000000000001', 't', '', '', '{}', '[]', 1, true, sha256('x'), 1, "
      "'approved')");
  sql("INSERT INTO executions (call_id, tool_id, server_id, server_name, tool_name, digest, version, caller, "
      "client, "
      "duration_ms, queue_ms, is_test, success, end_kind, started_at_ms) SELECT gen_random_uuid(), "
      "'00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-000000000001', 's', 't', "
      "sha256('x'), 1, 'u', "
      "'c', 1, 1, false, true, 'ok', (extract(epoch FROM now()) * 1000)::bigint - d * 86400000::bigint - 1 "
      "FROM generate_series(0, 12000) d");
  maintain();
  EXPECT_EQ(sql("SELECT count(*) FROM executions"), "30");
  sql("INSERT INTO settings VALUES ('log_retention_days', '7', 1, 'x')");
  maintain();
  EXPECT_EQ(sql("SELECT count(*) FROM executions"), "7");
  write(1);
  ASSERT_EQ(prune(stepping.t - 3 * kDay / 2, kEndless, true), 1U);
  EXPECT_EQ(sql("SELECT count(*) FROM executions"), "2");
}

}  // namespace
}  // namespace mcpbox::monitor
