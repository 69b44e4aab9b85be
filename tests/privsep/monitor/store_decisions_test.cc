// Mirrors compare_decisions() of privsep/monitor/store_pg_start.cc, on a real PostgreSQL: what its owner
// takes out of the database is missed, and nothing else is.
#include "privsep/monitor/audit_retention.h"
#include "tests/privsep/monitor/store_fixture.h"

namespace mcpbox::monitor {
namespace {

constexpr const char* kRevocation = "action = 'revoke'";

class StoreDecisionsTest : public StoreTest {
 protected:
  static AuditRecord decision(const char* action, unsigned char tool = 9) {
    AuditRecord record{.kind = AuditKind::kDecision, .actor = "root", .action = action};
    record.subject.fill(tool);
    record.digest.fill(1);
    return record;
  }
  static void decide(StoreTest& test, StorePg& store, const char* action, unsigned char tool = 9) {
    ASSERT_TRUE(wait(test.loop, store.append(decision(action, tool))).has_value());
  }
  // Records 1 to 4; the second revokes what the first approved.
  void revoked_and_restarted() {
    const auto store = started();
    decide(*this, *store, "approve");
    decide(*this, *store, "revoke");
    decide(*this, *store, "approve", 10);
    ASSERT_TRUE(append(*store).has_value());
  }
  // Everything that is stored now goes, as retention would have it.
  void prune_all() {
    const auto store = started();
    AuditRetention retention(*store, keys, clock, log);
    ASSERT_TRUE(wait(loop, retention.seal()).has_value());
    ASSERT_EQ(server->maintain(database), 0);
    ASSERT_TRUE(append(*store).has_value());
    AuditRetention::Prune what{.actor = "root", .before_ms = clock.now_ms() + 1000, .most_bytes = 1ULL << 50};
    ASSERT_TRUE(wait(loop, retention.prune(std::move(what))).has_value());
    ASSERT_EQ(server->maintain(database), 0);
    ASSERT_EQ(sql("SELECT count(*) FROM audit WHERE " + std::string(kRevocation)), "0");
  }
  std::string read_file() {
    std::string bytes(200, '\0');
    bytes.resize(static_cast<std::size_t>(pread(head.get(), bytes.data(), bytes.size(), 0)));
    return bytes;
  }
};

TEST_F(StoreDecisionsTest, ARestartMissesNothing) {
  revoked_and_restarted();
  for (int i = 0; i < 2; ++i) {
    const auto store = started();
    EXPECT_EQ(store->trusted_from(), 0U);
    EXPECT_FALSE(store->lost_decisions());
  }
}

TEST_F(StoreDecisionsTest, ADecisionThatWasTakenOutOfTheChainIsMissed) {
  revoked_and_restarted();
  sql("DELETE FROM audit WHERE " + std::string(kRevocation));
  const auto store = started();
  EXPECT_TRUE(store->lost_decisions());
  EXPECT_EQ(store->trusted_from(), 5U) << "none of the four that were stored";
}

TEST_F(StoreDecisionsTest, SoIsADeletion) {
  for (const char* action : {"delete_tool", "delete_server"}) {
    {
      const auto store = started();
      AuditRecord record = decision(action);
      record.kind = AuditKind::kConfiguration;
      ASSERT_TRUE(wait(loop, store->append(std::move(record))).has_value());
      ASSERT_TRUE(append(*store).has_value());
    }
    EXPECT_FALSE(started()->lost_decisions()) << action;
    sql("DELETE FROM audit WHERE action = '" + std::string(action) + "'");
    EXPECT_TRUE(started()->lost_decisions()) << action;
  }
}

TEST_F(StoreDecisionsTest, SoIsOneThatOutlivedItsSegment) {
  revoked_and_restarted();
  prune_all();
  EXPECT_EQ(started()->trusted_from(), 0U) << "pruning takes no decision away";
  EXPECT_EQ(sql("SELECT sequence FROM audit_kept_tool_decisions ORDER BY sequence LIMIT 1"), "2");
  sql("DELETE FROM audit_kept_tool_decisions WHERE sequence = 2");
  EXPECT_TRUE(started()->lost_decisions());
}

TEST_F(StoreDecisionsTest, SoIsOneThatWasMadeOlderOrMovedToAnother) {
  revoked_and_restarted();
  prune_all();
  const std::string undo =
      sql("SELECT encode(digest, 'hex') FROM audit_kept_tool_decisions WHERE sequence = 2");
  for (const std::string change : {"sequence = 1", "digest = '\\x00'", "subject = gen_random_uuid()"}) {
    sql("CREATE TABLE kept AS TABLE audit_kept_tool_decisions");
    const std::string file = read_file();
    sql("UPDATE audit_kept_tool_decisions SET " + change + " WHERE sequence = 2");
    EXPECT_TRUE(started()->lost_decisions()) << change;
    sql("TRUNCATE audit_kept_tool_decisions; INSERT INTO audit_kept_tool_decisions TABLE kept; DROP TABLE "
        "kept");
    ASSERT_EQ(pwrite(head.get(), file.data(), file.size(), 0), static_cast<ssize_t>(file.size()));
    EXPECT_FALSE(started()->lost_decisions()) << "as it was, it is whole";
  }
}

TEST_F(StoreDecisionsTest, WhatWasLostIsRememberedAndWhatIsDecidedThenCounts) {
  revoked_and_restarted();
  sql("DELETE FROM audit WHERE " + std::string(kRevocation));
  {
    const auto store = started();
    decide(*this, *store, "approve");
  }
  for (int i = 0; i < 2; ++i) {
    const auto store = started();
    EXPECT_FALSE(store->lost_decisions()) << "it was said once";
    EXPECT_EQ(store->trusted_from(), 5U) << "and holds on";
  }
}

TEST_F(StoreDecisionsTest, AFileThatACrashLeftBehindIsComparedWithWhatItKnew) {
  {
    const auto store = started();
    decide(*this, *store, "approve");
  }
  const std::string behind = read_file();
  {
    const auto store = started();
    decide(*this, *store, "revoke");
  }
  ASSERT_EQ(pwrite(head.get(), behind.data(), behind.size(), 0), static_cast<ssize_t>(behind.size()));
  EXPECT_EQ(started()->trusted_from(), 0U);
  EXPECT_EQ(started()->trusted_from(), 0U) << "the file is up to date again";
}

TEST_F(StoreDecisionsTest, AFileOfTheFormBeforeIsTakenUp) {
  revoked_and_restarted();
  const base::Result<std::optional<Remembered>> known = read_head(head.get(), keys);
  ASSERT_TRUE(known.has_value() && known->has_value());
  ASSERT_EQ(ftruncate(head.get(), 0), 0);
  ASSERT_TRUE(write_head(head.get(), keys, {.head = (*known)->head}).has_value());
  EXPECT_EQ(started()->trusted_from(), 0U);
  sql("DELETE FROM audit WHERE " + std::string(kRevocation));
  EXPECT_TRUE(started()->lost_decisions()) << "from then on it is missed";
}

TEST_F(StoreDecisionsTest, AFileUnderTheOtherKeyIsComparedUnderIt) {
  revoked_and_restarted();
  const base::Fd next(memfd_create("next", MFD_CLOEXEC));
  const std::string bytes(32, '\x08');
  ASSERT_EQ(pwrite(next.get(), bytes.data(), bytes.size(), 0), 32);
  ASSERT_TRUE(keys.prepare(next.get()).has_value());
  keys.use_other();  // a rotation that was cut before the file was sealed again
  EXPECT_EQ(started()->trusted_from(), 0U);
  EXPECT_EQ(started()->trusted_from(), 0U) << "now it is under the new one";
}

}  // namespace
}  // namespace mcpbox::monitor
