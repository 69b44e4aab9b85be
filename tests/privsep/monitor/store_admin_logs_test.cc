// Mirrors privsep/monitor/sql_admin_logs.h: what the web UI shows of the logs, on a real PostgreSQL, as the
// working role.
#include "privsep/monitor/sql_admin_logs.h"

#include "tests/privsep/monitor/store_sql_fixture.h"

namespace mcpbox::monitor {
namespace {

class StoreAdminLogsTest : public StoreSqlTest {
 protected:
  void SetUp() override {
    StoreSqlTest::SetUp();
    add_server(server_id, "weather");
    add_tool(tool_id, server_id, "now");
    add_tool(other_tool, server_id, "later");
  }
  struct Asked {
    const char* name = "";
    const char* outcome = "";
    const char* caller = "";
    Param server = Param::null(), tool = Param::null(), words = Param::null();
    std::int64_t size = 10, page = 1, bound = 100'000;
  };
  std::string calls(const Asked& asked) {
    return answer(sql::kApiExecutions,
                  {Param::text(asked.name), asked.server, asked.tool, Param::text(asked.outcome),
                   Param::text(asked.caller), asked.words, Param::integer(asked.size),
                   Param::integer(asked.page), Param::integer(asked.bound)});
  }
  std::string total(const Asked& asked) { return at(calls(asked), "total"); }
  // A call under the names of its time, which need not be those of now.
  void called(std::int64_t at_ms, const std::string& tool, const std::string& caller, bool good,
              const std::string& bytes = "{}", bool test = false) {
    Statement row =
        execution(random_id(), tool == "later" ? other_tool : tool_id, server_id, at_ms, caller, bytes);
    row.params[4] = Param::text(tool);
    row.params[17] = Param::boolean(test);
    row.params[18] = Param::boolean(good);
    store->write_text(std::move(row));
  }
  std::string audit(const std::string& action, const Param& about, std::int64_t page = 1,
                    std::int64_t bound = 100'000) {
    return answer(sql::kApiAudit, {Param::text(action), about, Param::integer(2), Param::integer(page),
                                   Param::integer(bound)});
  }
  wire::Id other_tool = random_id();
};

TEST_F(StoreAdminLogsTest, EveryFilterAndAllOfThemTogether) {
  called(1'000, "now", "unix:alice", true, "{\"city\": \"Oslo\"}");
  called(2'000, "now", "unix:bob", false, "{\"city\": \"Bergen\"}");
  called(3'000, "later", "unix:alice", true, "{\"city\": \"Oslo\"}", true);
  called(4'000, "before", "unix:alice", false);  // renamed since
  EXPECT_EQ(total({}), "4");
  EXPECT_EQ(total({.name = "NOW"}), "2");
  EXPECT_EQ(total({.name = "r__"}), "4");
  EXPECT_EQ(total({.name = "e"}), "4");
  EXPECT_EQ(total({.name = "before"}), "1") << "the name of its time";
  EXPECT_EQ(total({.name = "%"}), "0");
  EXPECT_EQ(total({.outcome = "success"}), "2");
  EXPECT_EQ(total({.outcome = "failed"}), "2");
  EXPECT_EQ(total({.outcome = "test"}), "1");
  EXPECT_EQ(total({.caller = "unix:bob"}), "1");
  EXPECT_EQ(total({.server = Param::uuid(server_id)}), "4");
  EXPECT_EQ(total({.server = Param::uuid(tool_id)}), "0");
  EXPECT_EQ(total({.tool = Param::uuid(other_tool)}), "1");
  EXPECT_EQ(total({.words = Param::text("oslo")}), "2");
  EXPECT_EQ(total({.words = Param::text("') OR 1=1 --")}), "0");
  EXPECT_EQ(total({.name = "now",
                   .outcome = "success",
                   .caller = "unix:alice",
                   .server = Param::uuid(server_id),
                   .tool = Param::uuid(tool_id),
                   .words = Param::text("oslo")}),
            "1");
}

// Names are looked for one by one: the pages of many must be those of one list.
TEST_F(StoreAdminLogsTest, PagesAreNewestFirstWhateverTheNames) {
  for (std::int64_t i = 1; i <= 9; ++i) called(i * 1'000, i % 3 == 0 ? "later" : "now", "unix:alice", true);
  for (const char* name : {"", "weather__"})
    for (std::int64_t page = 1; page <= 3; ++page) {
      const std::string json = calls({.name = name, .size = 4, .page = page});
      EXPECT_EQ(at(json, "total") + at(json, "pages"), "93") << name;
      const int first = 10 - static_cast<int>(page - 1) * 4 - 1;
      EXPECT_EQ(at(json, "items,0,created_at"), "1970-01-01T00:00:0" + std::to_string(first) + ".000Z")
          << name;
      EXPECT_EQ(at(json, "items,0,egress_requests") + at(json, "items,0,egress_denied"), "21");
    }
  EXPECT_EQ(at(calls({.name = "later", .size = 2, .page = 2}), "items,0,created_at"),
            "1970-01-01T00:00:03.000Z");
  EXPECT_EQ(at(calls({.name = "later", .page = 2}), "items"), "[]");
}

TEST_F(StoreAdminLogsTest, ATotalIsExactUpToItsBoundAndMarkedBeyond) {
  for (std::int64_t i = 1; i <= 3; ++i) called(i, "now", "unix:alice", true);
  for (const char* name : {"", "now"}) {
    const auto counted_to = [&](std::int64_t bound) {
      const std::string json = calls({.name = name, .bound = bound});
      return at(json, "total") + at(json, "capped");
    };
    EXPECT_EQ(counted_to(3), "3false");
    EXPECT_EQ(counted_to(2), "2true");
  }
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(append(*store).has_value());
  const std::string records = audit("", Param::null(), 1, 2);
  EXPECT_EQ(at(records, "total") + at(records, "capped"), "2true");
  const std::string all = audit("", Param::null());
  EXPECT_EQ(at(all, "total") + at(all, "capped"), sql("SELECT count(*) FROM audit") + "false");
}

TEST_F(StoreAdminLogsTest, TheChainIsFilteredByActionSubjectAndCall) {
  const wire::Id about = random_id(), call = random_id();
  const auto record = [&](const char* action, const wire::Id& subject, const wire::Id& of_call) {
    AuditRecord made{.kind = AuditKind::kDecision, .actor = "root", .action = action};
    made.subject = subject;
    made.call = of_call;
    ASSERT_TRUE(wait(loop, store->append(std::move(made))).has_value());
  };
  record("approve", about, {});
  record("call", about, call);
  record("call", about, random_id());
  record("secret_read", random_id(), call);
  EXPECT_EQ(at(audit("call", Param::null()), "total"), "2");
  EXPECT_EQ(at(audit("", Param::uuid(about)), "total"), "3");
  EXPECT_EQ(at(audit("", Param::uuid(call)), "total"), "2");
  EXPECT_EQ(at(audit("call", Param::uuid(call)), "total"), "1");
  EXPECT_EQ(at(audit("", Param::uuid(random_id())), "items"), "[]");
  const std::string second = audit("", Param::uuid(about), 2);
  EXPECT_EQ(at(second, "items,0,action") + at(second, "items,1,action"), "approve");
  const std::string newest = audit("", Param::uuid(about));
  EXPECT_GT(std::stoi(at(newest, "items,0,sequence")), std::stoi(at(newest, "items,1,sequence")));
}

TEST_F(StoreAdminLogsTest, TheDashboardCountsItsPeriodAndNamesWhatFailed) {
  const std::int64_t now = base::SystemClock().now_ms();
  called(now - 10'000, "now", "unix:alice", true);
  called(now - 20'000, "now", "unix:alice", false, "{\"why\": 1}");
  called(now - 30'000, "later", "unix:alice", true);
  called(now - 40'000, "now", "unix:alice", true, "{}", true);  // a test is no use
  called(now - 7'200'000, "now", "unix:alice", true);
  const auto dashboard = [&](std::int64_t bound) {
    return answer(sql::kApiDashboard, {Param::integer(3'600), Param::integer(12), Param::integer(bound)});
  };
  const std::string json = dashboard(100'000);
  EXPECT_EQ(at(json, "stats,total_requests") + at(json, "stats,total_errors") + at(json, "stats,capped"),
            "31false");
  EXPECT_EQ(at(json, "stats,p95_response_time_ms") + at(json, "stats,error_rate"), "120.3333");
  EXPECT_EQ(at(json, "requests_over_time,11,value") + at(json, "errors_over_time,11,value"), "31");
  EXPECT_EQ(at(json, "requests_over_time,0,value"), "0");
  EXPECT_EQ(at(json, "top_tools,0,tool_name") + at(json, "top_tools,0,invocations"), "now2");
  EXPECT_EQ(at(json, "top_tools,0,tool_id"), sql("SELECT id FROM tools WHERE name = 'now'"));
  EXPECT_EQ(at(json, "recent_errors,0,message") + at(json, "recent_errors,1,message"), "{\"why\": 1}");
  EXPECT_EQ(at(dashboard(2), "stats,total_requests") + at(dashboard(2), "stats,capped"), "2true");
}

}  // namespace
}  // namespace mcpbox::monitor
