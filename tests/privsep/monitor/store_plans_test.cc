// Mirrors privsep/monitor/pg_connection.cc: which reads are planned once, and which for their values; and of
// those that somebody waits for again and again, how much of a long chain they read.
#include <regex>
#include <string>

#include "privsep/monitor/sql_admin_logs.h"
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

constexpr int kChain = 20'000;

class ChainReadsTest : public StorePlansTest {
 protected:
  void SetUp() override {
    StorePlansTest::SetUp();
    sql("INSERT INTO audit (sequence, at_ms, kind, actor, action, subject, call, digest, number, payload, "
        "previous, "
        "hash) SELECT i, i, 5, 'unix:alice', CASE WHEN i % 200 = 0 THEN 'not_admitted' ELSE 'admitted' END, "
        "CASE WHEN i % 200 = 0 THEN '00000000-0000-0000-0000-000000000009'::uuid "
        "ELSE '00000000-0000-0000-0000-000000000000'::uuid END, '00000000-0000-0000-0000-000000000000', "
        "decode(repeat('00', 32), 'hex'), 1, '', decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), "
        "'hex') "
        "FROM generate_series(1, " +
        std::to_string(kChain) + ") i");
    sql("ANALYZE audit");
  }
  // Rows of the chain, and entries of its indexes, that were looked at, shown or not.
  long rows_read(const Sql& read, const std::string& values) {
    const std::string plan =
        sql("SET plan_cache_mode = force_custom_plan; PREPARE q AS " + std::string(read.text) +
            "; EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE q(" + values + ")");
    const std::regex scan(
        "\"Relation Name\": \"audit_from_1\"[^{}]*\"Actual Rows\": ([0-9]+),\\s*\"Actual Loops\": "
        "([0-9]+)([^{}]*)");
    const std::regex removed("\"Rows Removed by [A-Za-z ]+\": ([0-9]+)");
    long read_rows = 0;
    for (std::sregex_iterator at(plan.begin(), plan.end(), scan), end; at != end; ++at) {
      long seen = std::stol((*at)[1]);
      const std::string rest = (*at)[3];
      if (std::smatch more; std::regex_search(rest, more, removed)) seen += std::stol(more[1]);
      read_rows += seen * std::stol((*at)[2]);
    }
    EXPECT_GT(read_rows, 0) << plan;
    // The few tools and servers are read as they lie.
    EXPECT_FALSE(std::regex_search(plan, std::regex("\"Seq Scan\"[^{}]*\"Relation Name\": \"audit"))) << plan;
    return read_rows;
  }
};

TEST_F(ChainReadsTest, TheNewestPageReadsWhatItShows) {
  EXPECT_LE(rows_read(sql::kApiAudit, "'', null, 20, 1, 100000"), 60);
  EXPECT_LE(rows_read(sql::kApiAudit, "'', null, 20, 2, 100000"), 80) << "and the page before it";
}

// A hundred are of this action, and about this subject: they are counted, and a page of them is shown.
TEST_F(ChainReadsTest, APageOfOneActionOrSubjectReadsOnlyOfThat) {
  const std::string about = "'', '00000000-0000-0000-0000-000000000009'";
  EXPECT_LE(rows_read(sql::kApiAudit, "'not_admitted', null, 20, 1, 100000"), 400);
  EXPECT_LE(rows_read(sql::kApiAudit, about + ", 20, 1, 100000"), 400);
}

TEST_F(ChainReadsTest, TheNewsReadNothingThatIsOld) {
  const std::string near_the_end = std::to_string(kChain - 4);
  EXPECT_LE(rows_read(sql::kApiActivity, near_the_end + ", 50"), 20);
  EXPECT_LE(rows_read(sql::kApiActivity, "-1, 50"), 120);
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
