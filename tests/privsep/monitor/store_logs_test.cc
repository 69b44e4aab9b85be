// Mirrors privsep/monitor/sql_logs.h: pages, filters and statistics of the execution log on a real
// PostgreSQL, as the working role.
#include "privsep/monitor/sql.h"
#include "privsep/monitor/sql_logs.h"
#include "tests/privsep/monitor/store_fixture.h"

namespace mcpbox::monitor {
namespace {

class StoreLogsTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    store = started();
    const base::Result<std::uint64_t> made =
        commit(*store, {{.sql = &sql::kInsertServer,
                         .params = {Param::uuid(server_id), Param::text("weather"), Param::text(""),
                                    Param::text("unix:alice")}}});
    ASSERT_TRUE(made.has_value());
    sql("INSERT INTO tools (id, server_id, name, description, code, input_schema, parameters, timeout_ms, "
        "enabled, "
        "digest, current_version, approval_status) VALUES ('02000000-0000-0000-0000-000000000000', "
        "'01000000-0000-0000-0000-000000000000', 'now', '', '', '{}', '[]', 1, true, sha256('x'), 1, "
        "'draft')");
  }
  static Statement execution(std::int64_t at_ms, const std::string& caller = "unix:alice",
                             const std::string& bytes = "{}") {
    return {.sql = &sql::kInsertExecution,
            .params = {Param::uuid(random_id()),
                       Param::uuid({2}),
                       Param::uuid({1}),
                       Param::text("weather"),
                       Param::text("now"),
                       Param::digest(digest_of({"1"})),
                       Param::integer(1),
                       Param::text(caller),
                       Param::integer(1000),
                       Param::text("client"),
                       Param::integer(12),
                       Param::integer(3),
                       Param::null(),
                       Param::raw(bytes),
                       Param::raw(bytes),
                       Param::raw(bytes),
                       Param::raw(bytes),
                       Param::boolean(false),
                       Param::boolean(false),
                       Param::text("tool_error"),
                       Param::integer(at_ms),
                       Param::integer(2),
                       Param::integer(1)}};
  }
  // The parameters of kLogs without filters but these.
  static std::vector<Param> logs_of(const Param& caller, const Param& tool, std::int64_t size) {
    return {caller,        tool,          Param::integer(size), Param::integer(1), Param::null(),
            Param::null(), Param::null(), Param::null(),        Param::null(),     Param::integer(100'000)};
  }
  std::string answer(const Sql& read, std::vector<Param> params) {
    const auto all = rows(*store, read, std::move(params));
    EXPECT_EQ(all.size(), 1U);
    return all.size() == 1 && all[0].size() == 1 ? all[0][0].value_or("") : "";
  }
  std::string at(const std::string& json, const std::string& path) {
    return sql("SELECT $json$" + json + "$json$::json #>> '{" + path + "}'");
  }

  const wire::Id server_id = {1};
  const wire::Id tool_id = {2};
  std::unique_ptr<StorePg> store;
};

TEST_F(StoreLogsTest, LogsAreFilteredByServerEndTimeAndWords) {
  store->write_text(execution(1'000, "unix:alice", "{\"city\": \"Oslo fjord\"}"));
  store->write_text(execution(2'000, "unix:bob", "\xff\xfe Bergen"));
  const auto total = [&](std::size_t filter, const Param& value) {
    std::vector<Param> params = logs_of(Param::null(), Param::null(), 10);
    params[filter] = value;
    return at(answer(sql::kLogs, std::move(params)), "total");
  };
  EXPECT_EQ(total(4, Param::text("weather")), "2");
  EXPECT_EQ(total(4, Param::text("weath")), "0");
  EXPECT_EQ(total(5, Param::text("failed")), "2");
  EXPECT_EQ(total(5, Param::text("tool_error")), "2");
  EXPECT_EQ(total(5, Param::text("ok")), "0");
  EXPECT_EQ(total(6, Param::text("oslo")), "1");
  EXPECT_EQ(total(6, Param::text("\"oslo fjord\" -bergen")), "1");
  EXPECT_EQ(total(6, Param::text("bergen")), "1") << "bytes that are not UTF-8 are searched, too";
  EXPECT_EQ(total(6, Param::text("') OR 1=1 --")), "0");
  EXPECT_EQ(total(7, Param::integer(1'500)), "1");
  EXPECT_EQ(total(8, Param::integer(1'500)), "1");
  EXPECT_EQ(total(8, Param::integer(1'000)), "0");
}

TEST_F(StoreLogsTest, ATotalIsExactUpToItsBoundAndMarkedBeyond) {
  for (std::int64_t i = 1; i <= 3; ++i) store->write_text(execution(i));
  const auto counted_to = [&](std::int64_t bound) {
    std::vector<Param> params = logs_of(Param::null(), Param::null(), 1);
    params[9] = Param::integer(bound);
    const std::string json = answer(sql::kLogs, std::move(params));
    return at(json, "total") + at(json, "capped");
  };
  EXPECT_EQ(counted_to(4), "3false");
  EXPECT_EQ(counted_to(3), "3false");
  EXPECT_EQ(counted_to(2), "2true");
}

TEST_F(StoreLogsTest, StatisticsCountAPeriodAndNameWhatFailed) {
  for (std::int64_t i = 1; i <= 3; ++i)
    store->write_text(execution(i * 1'000, i == 1 ? "unix:bob" : "unix:alice"));
  const std::string json =
      answer(sql::kStats, {Param::integer(2'000), Param::integer(24), Param::integer(100'000)});
  EXPECT_EQ(at(json, "total_executions") + at(json, "failed") + at(json, "successful"), "220");
  EXPECT_EQ(at(json, "unique_users") + at(json, "unique_tools") + at(json, "avg_duration_ms"), "1112");
  EXPECT_EQ(at(json, "by_end,tool_error") + at(json, "top_tools,0,tool_name"), "2now");
  EXPECT_EQ(at(json, "recent_errors,0,end") + at(json, "over_time,0,calls"), "tool_error2");
  const std::string none =
      answer(sql::kStats, {Param::integer(9'000), Param::integer(24), Param::integer(100'000)});
  EXPECT_EQ(at(none, "total_executions") + at(none, "top_tools"), "0[]");
}

}  // namespace
}  // namespace mcpbox::monitor
