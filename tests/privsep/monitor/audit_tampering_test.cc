// The chain against the owner of the database: every kind of tampering, done with SQL on a real PostgreSQL
// while the monitor runs, is found, named, and placed.
#include "tests/privsep/monitor/verified_log.h"

namespace mcpbox::monitor {
namespace {

using audit::Damage;

class AuditTamperingTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    store = started();
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(append(*store).has_value());
    store->make_checkpoint();
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(append(*store).has_value());
  }

  audit::Verifier verified(unsigned char key_fill = 7) { return verified_log(*this, *store, key_fill); }
  void expect(Damage damage, std::uint64_t at) {
    const audit::Verifier verifier = verified();
    ASSERT_TRUE(verifier.damage()) << audit::report_of(verifier);
    EXPECT_EQ(audit::name_of(verifier.damage()->damage), audit::name_of(damage))
        << audit::report_of(verifier);
    EXPECT_EQ(verifier.damage()->record, at) << audit::report_of(verifier);
  }

  std::unique_ptr<StorePg> store;
};

TEST_F(AuditTamperingTest, AnUntouchedLogIsWholeAndHasItsCheckpoints) {
  const audit::Verifier verifier = verified();
  EXPECT_FALSE(verifier.damage()) << audit::report_of(verifier);
  EXPECT_EQ(verifier.records(), 20U);
  EXPECT_EQ(sql("SELECT string_agg(sequence::text, ',' ORDER BY sequence) FROM audit_checkpoints"), "1,10");
}

TEST_F(AuditTamperingTest, AnUpdateOfAnyColumnIsAnEdit) {
  for (const std::string change :
       {"actor = 'eve'", "action = 'approve'", "number = 9", "payload = 'x'", "digest = sha256('x')",
        "kind = 3", "at_ms = at_ms + 1", "subject = gen_random_uuid()", "call = gen_random_uuid()",
        "hash = sha256('x')", "previous = sha256('x')"}) {
    SCOPED_TRACE(change);
    sql("CREATE TABLE kept AS SELECT * FROM audit WHERE sequence = 15");
    sql("UPDATE audit SET " + change + " WHERE sequence = 15");
    expect(Damage::kEdited, 15);
    sql("DELETE FROM audit WHERE sequence = 15");
    sql("INSERT INTO audit SELECT * FROM kept");
    sql("DROP TABLE kept");
  }
  EXPECT_FALSE(verified().damage());
}

TEST_F(AuditTamperingTest, ADeletedRecordIsADeletion) {
  sql("DELETE FROM audit WHERE sequence = 15");
  expect(Damage::kDeleted, 15);
}

TEST_F(AuditTamperingTest, ADeletionWithNewNumbersIsADeletion) {
  sql("DELETE FROM audit WHERE sequence = 15");
  sql("UPDATE audit SET sequence = sequence + 1000 WHERE sequence > 15");
  sql("UPDATE audit SET sequence = sequence - 1001 WHERE sequence > 1000");
  expect(Damage::kDeleted, 15);
}

TEST_F(AuditTamperingTest, AnInsertionIsAnInsertion) {
  sql("UPDATE audit SET sequence = sequence + 1000 WHERE sequence >= 15");
  sql("UPDATE audit SET sequence = sequence - 999 WHERE sequence > 1000");
  sql("INSERT INTO audit SELECT 15, at_ms, kind, 'eve', action, subject, call, digest, number, payload, "
      "previous, hash "
      "FROM audit WHERE sequence = 14");
  // A record that fits nothing is an edit of its place; what was moved tells of the insertion where it fits.
  const audit::Verifier verifier = verified();
  ASSERT_TRUE(verifier.damage());
  EXPECT_EQ(verifier.damage()->record, 15U) << audit::report_of(verifier);
}

TEST_F(AuditTamperingTest, SwappedRecordsAreAReordering) {
  sql("UPDATE audit SET sequence = 1000 WHERE sequence = 15");
  sql("UPDATE audit SET sequence = 15 WHERE sequence = 16");
  sql("UPDATE audit SET sequence = 16 WHERE sequence = 1000");
  expect(Damage::kReordered, 15);
}

TEST_F(AuditTamperingTest, ACutStartAndACutEndAreNamed) {
  sql("CREATE TABLE kept AS SELECT * FROM audit WHERE sequence <= 3");
  sql("DELETE FROM audit WHERE sequence <= 3");
  expect(Damage::kCutStart, 1);
  sql("INSERT INTO audit SELECT * FROM kept");
  sql("DELETE FROM audit WHERE sequence > 18");
  expect(Damage::kCutEnd, 19);
}

TEST_F(AuditTamperingTest, AChangedOrForeignCheckpointIsNamed) {
  sql("UPDATE audit_checkpoints SET signature = set_byte(signature, 0, 255 - get_byte(signature, 0)) WHERE "
      "sequence = 10");
  expect(Damage::kForgedCheckpoint, 10);
  sql("DELETE FROM audit_checkpoints WHERE sequence = 10");
  EXPECT_FALSE(verified().damage()) << "a lost checkpoint costs its place only";
  const audit::Verifier verifier = verified(8);
  ASSERT_TRUE(verifier.damage());
  EXPECT_EQ(verifier.damage()->damage, Damage::kWrongKey);
}

TEST_F(AuditTamperingTest, TheWorkingRoleCanAddAndNothingElse) {
  for (const std::string table : {"audit", "audit_checkpoints"})
    EXPECT_EQ(sql("SELECT has_table_privilege('mcpbox_monitor', 'mcpbox." + table +
                  "', 'INSERT') || ',' || "
                  "has_table_privilege('mcpbox_monitor', 'mcpbox." +
                  table +
                  "', 'UPDATE') || ',' || "
                  "has_table_privilege('mcpbox_monitor', 'mcpbox." +
                  table +
                  "', 'DELETE') || ',' || "
                  "has_table_privilege('mcpbox_monitor', 'mcpbox." +
                  table + "', 'TRUNCATE')"),
              "true,false,false,false");
}

// A clock that is set back is recorded as such, and only so can a later record be older.
class SteppingClock final : public base::Clock {
 public:
  std::int64_t t = 2'000'000'000'000;
  [[nodiscard]] std::int64_t now_ms() const override { return t; }
  [[nodiscard]] std::int64_t steady_ms() const override { return base::SystemClock().steady_ms(); }
};

TEST_F(AuditTamperingTest, AClockThatIsSetBackIsARecord) {
  store.reset();
  SteppingClock stepping;
  store = std::make_unique<StorePg>(loop, stepping, keys, log, server->conninfo(database, "mcpbox_monitor"),
                                    head.get());
  ASSERT_TRUE(wait(loop, store->start()).has_value());
  ASSERT_EQ(append(*store).value_or(0), 21U);
  stepping.t -= 60'000;
  EXPECT_EQ(append(*store).value_or(0), 23U);
  EXPECT_EQ(sql("SELECT action || number FROM audit WHERE sequence = 22"), "clock_stepped60000");
  EXPECT_FALSE(verified().damage()) << audit::report_of(verified());
  store.reset();  // before its clock
}

}  // namespace
}  // namespace mcpbox::monitor
