// Texts of any kind, and pages of them, through the statements of privsep/monitor/sql.h and sql_reads.h.
#include "tests/privsep/monitor/store_sql_fixture.h"

namespace mcpbox::monitor {
namespace {

TEST_F(StoreSqlTest, AReadSeesTheTextThatWasWrittenJustBefore) {
  add_server(server_id, "weather");
  add_tool(tool_id, server_id, "now");
  const wire::Id call = random_id();
  store->write_text(execution(call, tool_id, server_id, 5));
  store->write_text(execution(call, tool_id, server_id, 6));  // the same call again: nothing changes
  const std::string json =
      answer(sql::kGetToolLogs, {Param::uuid(tool_id), Param::integer(10), Param::integer(1)});
  EXPECT_EQ(at(json, "total") + at(json, "logs,0,end") + at(json, "logs,0,success"), "1tool_errorfalse");
  EXPECT_EQ(at(json, "logs,0,created_at"), "1970-01-01T00:00:00.005Z");
}

TEST_F(StoreSqlTest, ATextThatCannotBeWrittenCostsOnlyItself) {
  add_server(server_id, "weather");
  add_tool(tool_id, server_id, "now");
  store->write_text(execution(random_id(), random_id(), server_id, 5));  // no such tool
  store->write_text(execution(random_id(), tool_id, server_id, 5));
  EXPECT_EQ(
      at(answer(sql::kGetToolLogs, {Param::uuid(tool_id), Param::integer(10), Param::integer(1)}), "total"),
      "1");
  EXPECT_TRUE(append(*store).has_value());
}

TEST_F(StoreSqlTest, LogBytesOfAnyKindStayReadable) {
  add_server(server_id, "weather");
  add_tool(tool_id, server_id, "now");
  const std::vector<std::string> bytes = {
      std::string("a\0b", 3), "\xff\xfe", "\xed\xa0\x80", "\\x00", "\"\n\x1b[2J", "ü\xc3", ""};
  std::int64_t time = 0;
  for (const std::string& text : bytes)
    store->write_text(execution(random_id(), tool_id, server_id, ++time, "unix:alice", text));
  const std::string json =
      answer(sql::kGetToolLogs, {Param::uuid(tool_id), Param::integer(10), Param::integer(1)});
  EXPECT_TRUE(base::is_utf8(json));
  const auto stdout_of = [&](int index) { return at(json, "logs," + std::to_string(index) + ",stdout"); };
  EXPECT_EQ(stdout_of(6), "a\\000b");
  EXPECT_EQ(stdout_of(5), "\\377\\376");
  EXPECT_EQ(stdout_of(4), "\\355\\240\\200");
  EXPECT_EQ(stdout_of(3), "\\x00");
  EXPECT_EQ(stdout_of(2), "\"\n\x1b[2J");
  EXPECT_EQ(stdout_of(1), "\\303\\274\\303");
  EXPECT_EQ(stdout_of(0), "");
}

TEST_F(StoreSqlTest, AFullPageOfTheWorstTextsFitsItsAnswer) {
  add_server(server_id, "weather");
  add_tool(tool_id, server_id, "now");
  const std::string worst(policy::limits::kLogArgumentsBytes, '\x01');  // six bytes each in JSON
  for (int i = 0; i < 100; ++i)
    store->write_text(execution(random_id(), tool_id, server_id, i, "unix:alice", worst));
  for (const int size : {1, 10, 50, 100}) {
    const std::string json = answer(sql::kLogs, logs_of(Param::null(), Param::null(), size));
    EXPECT_LT(json.size(), 4 * policy::limits::kMiB) << size;
    EXPECT_EQ(json.find("cut: ask for fewer") == std::string::npos, size == 1) << size;
  }
}

TEST_F(StoreSqlTest, LogsAreFilteredByCallerAndTool) {
  add_server(server_id, "weather");
  add_tool(tool_id, server_id, "now");
  store->write_text(execution(random_id(), tool_id, server_id, 1, "unix:alice"));
  store->write_text(execution(random_id(), tool_id, server_id, 2, "unix:bob"));
  const auto total = [&](const Param& caller, const Param& tool) {
    return at(answer(sql::kLogs, logs_of(caller, tool, 10)), "total");
  };
  EXPECT_EQ(total(Param::null(), Param::null()), "2");
  EXPECT_EQ(total(Param::text("unix:alice"), Param::null()), "1");
  EXPECT_EQ(total(Param::text("unix:eve"), Param::null()), "0");
  EXPECT_EQ(total(Param::text("unix:%"), Param::null()), "0");
  EXPECT_EQ(total(Param::text("unix:bob"), Param::text("weather__now")), "1");
  EXPECT_EQ(total(Param::null(), Param::text("weather__later")), "0");
}

}  // namespace
}  // namespace mcpbox::monitor
