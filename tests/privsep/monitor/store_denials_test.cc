// Mirrors privsep/monitor/sql_denials.h, on a real PostgreSQL, as the working role.
#include "privsep/monitor/sql_denials.h"

#include "privsep/monitor/sql_authority.h"
#include "tests/privsep/monitor/store_sql_fixture.h"

namespace mcpbox::monitor {
namespace {

class StoreDenialsTest : public StoreSqlTest {
 protected:
  void add_the_tool() {
    add_server(server_id, "weather");
    add_tool(tool_id, server_id, "now");
  }
};

TEST_F(StoreDenialsTest, WhatToolsWereRefusedIsCountedBoundedAndShownUntilSomebodyApprovesIt) {
  add_the_tool();
  const auto deny = [&](const wire::Id& tool, const std::string& host, std::int64_t times, std::int64_t at_ms,
                        std::int64_t most = 3) {
    must({.sql = &sql::kPutDenial,
          .params = {Param::uuid(tool), Param::uuid(server_id), Param::text(host), Param::integer(443),
                     Param::integer(times), Param::integer(at_ms), Param::integer(most)}});
  };
  deny(tool_id, "nas.lan", 2, 1'000);
  deny(tool_id, "nas.lan", 3, 2'000);
  deny(tool_id, "b.example.com", 1, 3'000);
  deny(tool_id, "c.example", 1, 4'000);
  deny(tool_id, "nas.lan", 1, 6'000);
  deny(random_id(), "of.no.tool", 1, 7'000);
  const auto denied = [&](const std::string& of) {
    return answer(sql::kDenied, {Param::null(), Param::integer(2), Param::integer(1), Param::text(of)});
  };
  const std::string all = denied("");
  EXPECT_EQ(at(all, "total") + at(all, "pages"), "32");
  EXPECT_EQ(at(all, "items,0,tool") + " " + at(all, "items,0,host") + " " + at(all, "items,0,times"),
            "weather__now nas.lan 6");
  EXPECT_EQ(at(all, "items,0,first_at"), "1970-01-01T00:00:01.000Z");
  EXPECT_EQ(at(all, "items,0,last_at"), "1970-01-01T00:00:06.000Z");
  EXPECT_EQ(at(denied("other"), "total"), "0");
  const std::string status = answer(sql::kGetToolStatus, {Param::uuid(tool_id)});
  EXPECT_EQ(at(status, "denied_connections,0,host"), "nas.lan");
  EXPECT_EQ(at(status, "denied_connections,0,request,port"), "443");
  EXPECT_EQ(at(answer(sql::kExplain, {Param::text("weather__now")}), "denied,0"), "nas.lan:443 (6)");
  // Approved since: nothing to suggest any more.
  const auto approve = [&](const std::string& host, std::int64_t at_ms) {
    must({.sql = &sql::kPutGrant,
          .params = {Param::uuid(random_id()), Param::text("host"), Param::text("approved"),
                     Param::uuid(server_id), Param::null(), Param::text(host), Param::integer(0),
                     Param::integer(0), Param::text(""), Param::boolean(false), Param::boolean(true),
                     Param::text(""), Param::text("root"), Param::integer(at_ms), Param::text("root"),
                     Param::text(""), Param::integer(at_ms), Param::integer(1), Param::raw("seal")}});
  };
  approve("nas.lan", 6'500);
  approve("*.example.com", 6'500);
  EXPECT_EQ(at(denied("weather"), "total") + at(denied("weather"), "items,0,host"), "1c.example");
  deny(tool_id, "nas.lan", 1, 8'000);
  EXPECT_EQ(at(denied("weather"), "total"), "2")
      << "refused again in spite of it, for example a private address";
  EXPECT_EQ(at(denied("weather"), "items,0,host") + at(denied("weather"), "items,0,approved"), "nas.lantrue");
  EXPECT_EQ(at(denied("weather"), "items,1,host") + at(denied("weather"), "items,1,approved"),
            "c.examplefalse");
  // One more than a tool may have: what was tried longest ago goes.
  deny(tool_id, "one.more", 1, 9'000);
  deny(tool_id, "and.one.more", 1, 10'000);
  EXPECT_EQ(at(denied("weather"), "total"), "3");
  EXPECT_EQ(at(denied("weather"), "items,0,host") + " " + at(denied("weather"), "items,1,host"),
            "and.one.more one.more");
  deny(tool_id, "and.one.more", 1, 11'000);
  EXPECT_EQ(at(denied("weather"), "total"), "3");
}

}  // namespace
}  // namespace mcpbox::monitor
