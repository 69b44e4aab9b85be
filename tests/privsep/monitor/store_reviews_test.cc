// What is stored with a request for a review, and how it is told: schema/0010_capabilities.sql and
// sql_admin.h.
#include "privsep/monitor/sql_admin.h"
#include "tests/privsep/monitor/store_sql_fixture.h"

namespace mcpbox::monitor {
namespace {

class StoreReviews : public StoreSqlTest {
 protected:
  void SetUp() override {
    StoreSqlTest::SetUp();
    add_server(server_id, "weather");
    add_tool(tool_id, server_id, "now");
  }

  void ask(std::int64_t sequence, const std::string& capabilities, Param before,
           const std::string& analysis) {
    must({.sql = &sql::kInsertReviewRequest,
          .params = {Param::uuid(tool_id), Param::integer(sequence), Param::digest(digest_of({"1"})),
                     Param::null(), Param::text("unix:alice"), Param::integer(1'700'000'000'123),
                     Param::text("please"), Param::text(capabilities), std::move(before),
                     Param::raw(analysis), Param::text("")}});
  }
  std::string told() { return answer(sql::kApiReviewRequest, {Param::uuid(tool_id)}); }
};

TEST_F(StoreReviews, TheLatestRequestIsToldWithItsLines) {
  ask(1, "", Param::null(), "");
  EXPECT_EQ(at(told(), "requested_by") + at(told(), "notes"), "unix:aliceplease") << told();
  EXPECT_NE(told().find(R"("capabilities" : [])"), std::string::npos) << told();
  for (const char* none :
       {"base_digest", "capabilities_added", "capabilities_removed", "analysis", "last_draft_run"})
    EXPECT_NE(told().find('"' + std::string(none) + R"(" : null)"), std::string::npos) << none << told();
  ask(2, "host a.example\nmodule yaml\n", Param::text("module json\nmodule yaml\n"), R"({"findings":[]})");
  EXPECT_NE(told().find(R"("capabilities" : ["host a.example","module yaml"])"), std::string::npos) << told();
  EXPECT_NE(told().find(R"("capabilities_added" : ["host a.example"])"), std::string::npos) << told();
  EXPECT_NE(told().find(R"("capabilities_removed" : ["module json"])"), std::string::npos) << told();
  EXPECT_NE(told().find(R"("analysis" : "{\"findings\":[]}")"), std::string::npos) << told();
}

TEST_F(StoreReviews, BytesThatAreNotTextDoNotMakeItUnreadable) {
  ask(1, "", Param::text(""), std::string("\xff\0x", 3));
  EXPECT_NE(told().find(R"("analysis" : "\\377\\000x")"), std::string::npos) << told();
  EXPECT_NE(told().find(R"("capabilities_added" : [])"), std::string::npos) << told();
}

TEST_F(StoreReviews, ARequestGoesWithItsTool) {
  ask(1, "", Param::null(), "");
  must({.sql = &sql::kDeleteTool, .params = {Param::uuid(tool_id)}});
  EXPECT_TRUE(rows(*store, sql::kApiReviewRequest, {Param::uuid(tool_id)}).empty());
}

}  // namespace
}  // namespace mcpbox::monitor
