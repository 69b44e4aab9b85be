// What the tests of the statements share: rows, written as the monitor writes them.
#pragma once

#include "privsep/base/visible.h"
#include "privsep/monitor/sql.h"
#include "privsep/monitor/sql_logs.h"
#include "privsep/monitor/sql_reads.h"
#include "tests/privsep/monitor/store_fixture.h"

namespace mcpbox::monitor {

using Row = std::vector<std::optional<std::string>>;

inline std::string raw(const wire::Id& id) { return {id.begin(), id.end()}; }

class StoreSqlTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    store = started();
  }

  void add_server(const wire::Id& id, const std::string& name) {
    must({.sql = &sql::kInsertServer,
          .params = {Param::uuid(id), Param::text(name), Param::text("about"), Param::text("unix:alice")}});
  }
  // sql.h, "The columns of a tool's content"
  static void add_content(Statement& to, const std::string& name, const std::string& code, bool enabled) {
    for (Param param : {Param::text("tool"), Param::text(name), Param::text("does it"), Param::text(code),
                        Param::text("not { json"), Param::text("out"), Param::text("hints"),
                        Param::text("icons"), Param::text("uri"), Param::text("headers"),
                        Param::integer(30'000), Param::text("[]"), Param::boolean(true),
                        Param::boolean(false), Param::boolean(enabled), Param::digest(digest_of({code}))})
      to.params.push_back(std::move(param));
  }
  void add_tool(const wire::Id& id, const wire::Id& owner, const std::string& name) {
    Statement insert{.sql = &sql::kInsertTool,
                     .params = {Param::uuid(id), Param::uuid(owner), Param::text("unix:alice")}};
    add_content(insert, name, "code 1", true);
    must(std::move(insert));
    add_version(id, 1, "code 1");
  }
  void add_version(const wire::Id& tool, int version, const std::string& code) {
    Statement insert{
        .sql = &sql::kInsertVersion,
        .params = {Param::uuid(tool), Param::integer(version), Param::text(std::string(600, 'x')),
                   Param::text("llm"), Param::text("unix:alice")}};
    add_content(insert, "now", code, true);
    must(std::move(insert));
  }
  Statement update_tool(const wire::Id& tool, int version, const std::string& status) {
    Statement update{.sql = &sql::kUpdateTool,
                     .params = {Param::uuid(tool), Param::integer(version), Param::text(status)}};
    add_content(update, "later", "code 2", false);
    return update;
  }
  void set_state(const wire::Id& tool, const std::string& status) {
    must({.sql = &sql::kSetApprovalState,
          .params = {Param::uuid(tool), Param::text(status), Param::text("root"), Param::text("because"),
                     Param::text("please")}});
  }
  void add_approval(const wire::Id& tool, const std::string& state, std::int64_t sequence) {
    must({.sql = &sql::kInsertApproval,
          .params = {Param::uuid(random_id()), Param::uuid(tool), Param::digest(digest_of({"1"})),
                     Param::text(state), Param::text("root"), Param::null(), Param::integer(sequence),
                     Param::integer(1'700'000'000'123), Param::raw("seal"), Param::text("")}});
  }
  Statement execution(const wire::Id& call, const wire::Id& tool, const wire::Id& owner, std::int64_t at_ms,
                      const std::string& caller = "unix:alice", const std::string& bytes = "{}") {
    return {.sql = &sql::kInsertExecution,
            .params = {Param::uuid(call),      Param::uuid(tool),         Param::uuid(owner),
                       Param::text("weather"), Param::text("now"),        Param::digest(digest_of({"1"})),
                       Param::integer(1),      Param::text(caller),       Param::integer(1000),
                       Param::text("client"),  Param::integer(12),        Param::integer(3),
                       Param::null(),          Param::raw(bytes),         Param::raw(bytes),
                       Param::raw(bytes),      Param::raw(bytes),         Param::boolean(false),
                       Param::boolean(false),  Param::text("tool_error"), Param::integer(at_ms),
                       Param::integer(2),      Param::integer(1)}};
  }
  // The parameters of kLogs without filters but these.
  static std::vector<Param> logs_of(const Param& caller, const Param& tool, std::int64_t size) {
    return {caller,        tool,          Param::integer(size), Param::integer(1), Param::null(),
            Param::null(), Param::null(), Param::null(),        Param::null(),     Param::integer(100'000)};
  }
  void must(Statement statement) {
    const base::Result<std::uint64_t> done = commit(*store, {std::move(statement)});
    ASSERT_TRUE(done.has_value()) << done.error().text;
  }
  // The one answer of a read, and a value in it; "" for JSON null.
  std::string answer(const Sql& read, std::vector<Param> params) {
    const std::vector<Row> all = rows(*store, read, std::move(params));
    EXPECT_EQ(all.size(), 1U);
    return all.size() == 1 && all[0].size() == 1 ? all[0][0].value_or("") : "";
  }
  std::string at(const std::string& json, const std::string& path) {
    return sql("SELECT $json$" + json + "$json$::json #>> '{" + path + "}'");
  }

  std::unique_ptr<StorePg> store;
  wire::Id server_id = random_id(), tool_id = random_id();
};

}  // namespace mcpbox::monitor
