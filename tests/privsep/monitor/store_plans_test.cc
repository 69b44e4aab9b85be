// Mirrors privsep/monitor/pg_connection.cc: which reads are planned once, and which for their values.
#include "privsep/monitor/sql_reads.h"
#include "tests/privsep/monitor/store_fixture.h"

namespace mcpbox::monitor {
namespace {

// What the reader's connection says of the plans of one of its statements.
constexpr Sql kPlans{"plans_of", R"sql(
    SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE name = $1::text)sql"};
constexpr Sql kDivide{"divide", "SELECT 1 / $1::int", Plan::kKept};

class StorePlansTest : public StoreTest {
 protected:
  using Counts = std::vector<std::optional<std::string>>;
  Counts plans_of(StorePg& store, const Sql& named) {
    const auto found = rows(store, kPlans, {Param::text(named.name)});
    return found.empty() ? Counts{} : found[0];
  }
  void list_servers(StorePg& store) {
    EXPECT_EQ(rows(store, sql::kListServers, {Param::integer(10), Param::integer(1)}).size(), 1U);
  }
};

TEST_F(StorePlansTest, AReadThatFindsItsRowsInOneWayIsPlannedOnce) {
  const auto store = started();
  for (int i = 0; i < 3; ++i) list_servers(*store);
  EXPECT_EQ(plans_of(*store, sql::kListServers), (Counts{"3", "0"}));
}

TEST_F(StorePlansTest, AReadBetweenSuchReadsIsPlannedForItsValues) {
  const auto store = started();
  for (int i = 0; i < 3; ++i) {
    list_servers(*store);
    EXPECT_EQ(rows(*store, sql::kPendingTools, {Param::integer(10), Param::integer(1)}).size(), 1U);
  }
  EXPECT_EQ(plans_of(*store, sql::kListServers), (Counts{"3", "0"}));
  EXPECT_EQ(plans_of(*store, sql::kPendingTools), (Counts{"0", "3"}));
}

TEST_F(StorePlansTest, AReadThatFailsChangesNothingForTheNext) {
  const auto store = started();
  list_servers(*store);
  EXPECT_FALSE(wait(loop, store->query({.sql = &kDivide, .params = {Param::integer(0)}})).has_value());
  list_servers(*store);
  EXPECT_EQ(plans_of(*store, sql::kListServers), (Counts{"2", "0"}));
}

}  // namespace
}  // namespace mcpbox::monitor
