// Mirrors privsep/migrate/migrate.cc: the real binary on a real PostgreSQL.
#include <gtest/gtest.h>

#include "tests/privsep/monitor/private_database.h"

namespace mcpbox::migrate {
namespace {

using monitor::PrivateDatabase;

class MigrateTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { server = std::make_unique<PrivateDatabase>(); }
  static void TearDownTestSuite() { server.reset(); }
  static inline std::unique_ptr<PrivateDatabase> server;

  void SetUp() override { database = server->make_empty(); }
  std::string sql(const std::string& statement, const std::string& role = "postgres") const {
    return server->sql(statement, database, role);
  }
  std::string database;
};

TEST_F(MigrateTest, AnEmptyDatabaseGetsTheSchemaAndASecondRunChangesNothing) {
  EXPECT_EQ(server->migrate(database), 0);
  EXPECT_EQ(sql("SELECT name FROM schema_migrations WHERE number = 1"), "0001_init.sql");
  const std::string applied = sql("SELECT applied_at FROM schema_migrations WHERE number = 1");
  EXPECT_EQ(server->migrate(database), 0);
  EXPECT_EQ(sql("SELECT applied_at FROM schema_migrations WHERE number = 1"), applied);
}

TEST_F(MigrateTest, TwoAtOnceDoNotDisturbEachOther) {
  int other = -1;
  std::thread second([&] { other = server->migrate(database); });
  EXPECT_EQ(server->migrate(database), 0);
  second.join();
  EXPECT_EQ(other, 0);
}

TEST_F(MigrateTest, TheWorkingRoleGetsTheRightsItNeedsAndNoMore) {
  ASSERT_EQ(server->migrate(database), 0);
  EXPECT_NO_THROW(sql("SELECT * FROM audit", "mcpbox_monitor"));
  EXPECT_THROW(sql("DELETE FROM audit", "mcpbox_monitor"), std::runtime_error);
  EXPECT_THROW(sql("CREATE TABLE mcpbox.mine (x int)", "mcpbox_monitor"), std::runtime_error);
}

TEST_F(MigrateTest, RightsThatSomebodyAddedAreTakenAwayAgain) {
  ASSERT_EQ(server->migrate(database), 0);
  sql("GRANT DELETE ON audit TO mcpbox_monitor", "mcpbox_owner");
  EXPECT_NO_THROW(sql("DELETE FROM audit", "mcpbox_monitor"));
  ASSERT_EQ(server->migrate(database), 0);
  EXPECT_THROW(sql("DELETE FROM audit", "mcpbox_monitor"), std::runtime_error);
}

TEST_F(MigrateTest, AMissingRoleThatCannotBeMadeIsAFailure) {
  EXPECT_NE(server->migrate(database, "nobody_made_me"), 0);
  server->sql("ALTER ROLE mcpbox_owner CREATEROLE");
  EXPECT_EQ(server->migrate(database, "made \"just\" now"), 0);
  server->sql("ALTER ROLE mcpbox_owner NOCREATEROLE");
  EXPECT_NO_THROW(sql("SELECT * FROM audit", "made \\\"just\\\" now"));
}

TEST_F(MigrateTest, OneRoleForEverythingIsAllowed) {
  EXPECT_EQ(server->migrate(database, ""), 0);
  EXPECT_EQ(server->migrate(database, "mcpbox_owner"), 0);
}

TEST_F(MigrateTest, ADatabaseOfANewerBuildIsRefused) {
  ASSERT_EQ(server->migrate(database), 0);
  sql("INSERT INTO schema_migrations (number, name, sha256) SELECT max(number) + 1, '9999_future.sql', '' "
      "FROM schema_migrations");
  EXPECT_NE(server->migrate(database), 0);
}

TEST_F(MigrateTest, AMigrationThatWasAnotherFileIsRefused) {
  ASSERT_EQ(server->migrate(database), 0);
  sql("UPDATE schema_migrations SET sha256 = repeat('0', 64)");
  EXPECT_NE(server->migrate(database), 0);
}

TEST_F(MigrateTest, AMigrationThatFailsLeavesNothing) {
  sql("CREATE SCHEMA mcpbox AUTHORIZATION mcpbox_owner");
  sql("CREATE TABLE mcpbox.tools (mine int)");
  EXPECT_NE(server->migrate(database), 0);
  EXPECT_EQ(sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'mcpbox'"),
            "2");  // that one, schema_migrations
}

TEST_F(MigrateTest, ARoleThatMayNotCreateTheSchemaIsRefused) {
  server->sql("CREATE DATABASE foreign_one OWNER postgres");
  EXPECT_NE(server->migrate("foreign_one"), 0);
  EXPECT_NE(server->migrate("no_such_database"), 0);
}

TEST_F(MigrateTest, ADatabaseOfAnotherEncodingIsRefused) {
  server->sql("CREATE DATABASE latin OWNER mcpbox_owner ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
  EXPECT_NE(server->migrate("latin"), 0);
}

TEST_F(MigrateTest, AWrongCommandLineIsRefused) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{MCPBOX_MIGRATE},
                                                {MCPBOX_MIGRATE, "--database"},
                                                {MCPBOX_MIGRATE, "--force", "1"},
                                                {MCPBOX_MIGRATE, "--working-role", "x"},
                                                {MCPBOX_MIGRATE, "--database", "x", "more"}})
    EXPECT_EQ(monitor::run_program(words), 2);
}

}  // namespace
}  // namespace mcpbox::migrate
