// The real gateway: 2026-07-28.
#include "tests/gateway/fake_monitor.h"

namespace mcpbox::test {
namespace {

using GatewayModernTest = GatewayTest;

constexpr const char* kMeta = R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                              R"("io.modelcontextprotocol/clientCapabilities":{}})";

std::string modern(std::uint16_t port, const std::string& method, const std::string& params = "",
                   const std::string& lines = "") {
  const std::string body = R"({"jsonrpc":"2.0","id":"x","method":")" + method + R"(","params":{)" + params +
                           (params.empty() ? "" : ",") + kMeta + "}}";
  return post(port, body, "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: " + method + "\r\n" + lines);
}

TEST_F(GatewayModernTest, DiscoverSaysWhatThereIs) {
  const Answer answer = ask(port(), modern(port(), "server/discover"));
  EXPECT_EQ(answer.result("resultType"), "\"complete\"");
  EXPECT_EQ(answer.result("supportedVersions"), "[\"2026-07-28\"]");
  EXPECT_EQ(answer.result("capabilities"),
            R"({"completions":{},"logging":{},"prompts":{"listChanged":true},)"
            R"("resources":{"listChanged":true,"subscribe":true},"tools":{"listChanged":true}})");
  EXPECT_EQ(answer.result("ttlMs"), "0");
  EXPECT_EQ(answer.result("cacheScope"), "\"private\"");
  EXPECT_NE(answer.result("_meta").find(R"("io.modelcontextprotocol/serverInfo":{"name":"mcpbox")"),
            std::string::npos);
  EXPECT_FALSE(answer.headers.contains("mcp-session-id"));
}

TEST_F(GatewayModernTest, EveryResultIsMarkedAndListsMustNotBeCached) {
  const Answer list = ask(port(), modern(port(), "tools/list"));
  EXPECT_EQ(list.result("resultType"), "\"complete\"");
  EXPECT_EQ(list.result("ttlMs"), "0");
  const Answer call =
      ask(port(), modern(port(), "tools/call", R"("name":"demo__echo")", "Mcp-Name: demo__echo\r\n"));
  EXPECT_EQ(call.result("resultType"), "\"complete\"");
  EXPECT_NE(call.result("_meta").find("serverInfo"), std::string::npos);
  EXPECT_NE(call.result("_meta").find("execution"), std::string::npos) << "the tool's own _meta stays";
  EXPECT_EQ(call.result("ttlMs"), "");
}

TEST_F(GatewayModernTest, AValueThatIsNoObjectIsStructuredContentInThisEra) {
  const Answer call =
      ask(port(), modern(port(), "tools/call", R"("name":"demo__json")", "Mcp-Name: demo__json\r\n"));
  EXPECT_EQ(call.result("structuredContent"), "[1,2]");
}

TEST_F(GatewayModernTest, WhatThisEraHasNoMoreIsNotFound) {
  for (const char* method :
       {"initialize", "ping", "logging/setLevel", "resources/subscribe", "prompts/lists", "no/such"}) {
    const Answer answer = ask(port(), modern(port(), method));
    EXPECT_EQ(answer.status, 404) << method;
    EXPECT_EQ(answer.code(), -32601) << method;
    EXPECT_NE(answer.body.find(R"("id":"x")"), std::string::npos);
  }
}

TEST_F(GatewayModernTest, HeadersMustSayWhatTheBodySays) {
  const Answer wrong =
      ask(port(), modern(port(), "tools/call", R"("name":"demo__echo")", "Mcp-Name: other\r\n"));
  EXPECT_EQ(wrong.status, 400);
  EXPECT_EQ(wrong.code(), -32020);
  const Answer coded = ask(port(), modern(port(), "tools/call", R"("name":"demo__echo")",
                                          "Mcp-Name: =?base64?ZGVtb19fZWNobw==?=\r\n"));
  EXPECT_EQ(coded.status, 200) << coded.body;
}

TEST_F(GatewayModernTest, AnnotatedArgumentsMustStandInTheHeadersToo) {
  const auto called = [&](const std::string& line) {
    return ask(port(), modern(port(), "tools/call", R"("name":"demo__region","arguments":{"region":"eu"})",
                              "Mcp-Name: demo__region\r\n" + line));
  };
  const int opened = gateway().asked("OpenCall");
  for (const char* line : {"", "Mcp-Param-Region: us\r\n", "Mcp-Param-Region: =?base64?SGVsbG8?=\r\n"}) {
    EXPECT_EQ(called(line).status, 400) << line;
    EXPECT_EQ(called(line).code(), -32020) << line;
  }
  EXPECT_EQ(gateway().asked("OpenCall"), opened) << "nothing was run";
  EXPECT_EQ(called("Mcp-Param-Region: eu\r\n").status, 200);
  const auto zoned = [&](const std::string& line) {
    return ask(port(), modern(port(), "tools/call", R"("name":"demo__region","arguments":{"zone":"z"})",
                              "Mcp-Name: demo__region\r\n" + line));
  };
  EXPECT_EQ(zoned("").code(), -32020) << "mapped by the tool's headers, beside its schema";
  EXPECT_EQ(zoned("Mcp-Param-Zone: z\r\n").status, 200);
  const int listed = gateway().asked("ListPublished");
  EXPECT_EQ(called("mcp-param-region: =?base64?ZXU=?=\r\n").status, 200);
  EXPECT_EQ(gateway().asked("ListPublished"), listed) << "known until tools change";
  gateway().tools_changed("demo");
  for (int tries = 0; tries < 1000 && gateway().asked("ListPublished") == listed; ++tries)
    EXPECT_EQ(called("Mcp-Param-Region: eu\r\n").status, 200);
  EXPECT_GT(gateway().asked("ListPublished"), listed);
}

TEST_F(GatewayModernTest, HangingUpEndsTheCall) {
  const int opened = gateway().asked("OpenCall");
  const int cancelled = gateway().asked("CancelCall");
  RawClient caller(port());
  caller.send(modern(port(), "tools/call", R"("name":"demo__slow")", "Mcp-Name: demo__slow\r\n"));
  ASSERT_TRUE(gateway().wait_for("OpenCall", opened + 1));
  caller.hang_up();
  EXPECT_TRUE(gateway().wait_for("CancelCall", cancelled + 1));
}

TEST_F(GatewayModernTest, AListenerHearsWhatItAskedForUnderItsOwnName) {
  RawClient stream(port());
  stream.send(modern(port(), "subscriptions/listen",
                     R"("notifications":{"toolsListChanged":true,"promptsListChanged":true})"));
  RawClient deaf(port());
  deaf.send(modern(port(), "subscriptions/listen", R"("notifications":{})"));
  const std::string first = stream.read_until("\n\n");
  EXPECT_NE(first.find("notifications/subscriptions/acknowledged\",\"params\":{\"notifications\":"
                       "{\"toolsListChanged\":true,\"promptsListChanged\":true},\"_meta\":{"
                       "\"io.modelcontextprotocol/subscriptionId\":\"x\"}}"),
            std::string::npos)
      << first;
  ASSERT_NE(deaf.read_until("\n\n\r\n").find("\"notifications\":{}"), std::string::npos);
  gateway().tools_changed("");
  const std::string news = stream.read_until("list_changed");
  EXPECT_FALSE(news.empty());
  EXPECT_NE(stream.read_until("\n\n").find(R"("io.modelcontextprotocol/subscriptionId":"x")"),
            std::string::npos);
  EXPECT_NE(news.find("notifications/tools/list_changed"), std::string::npos) << news;
  gateway().tools_changed("demo", protocol::kResourceList);
  gateway().tools_changed("demo", protocol::kPromptList);
  EXPECT_NE(stream.read_until("list_changed").find("notifications/prompts/"), std::string::npos)
      << "nothing of the resources, for which nobody asked";
  EXPECT_FALSE(deaf.readable_within(500));
}

// What the connection was told before does not let the next request in either.
TEST_F(GatewayModernTest, WhoMayNotComeAnyMoreHearsNothingAndIsAskedForAnew) {
  RawClient stream(port());
  const std::string listen =
      modern(port(), "subscriptions/listen", R"("notifications":{"toolsListChanged":true})");
  stream.send(listen);
  ASSERT_FALSE(stream.read_until("acknowledged").empty());
  RawClient kept(port());
  const std::string ping = modern(port(), "server/discover");
  kept.send(ping);
  ASSERT_FALSE(kept.read_until("resultType").empty());
  const int asked = gateway().asked("Authenticate");

  gateway().caller_gone("unix:another");
  gateway().tools_changed("");
  ASSERT_FALSE(stream.read_until("list_changed").empty()) << "it was another";
  gateway().caller_gone("unix:test");
  EXPECT_FALSE(stream.read_until("\r\n0\r\n").empty()) << "the stream ends in order";
  kept.send(ping);
  EXPECT_TRUE(gateway().wait_for("Authenticate", asked + 1));
}

TEST_F(GatewayModernTest, WhenEverybodyMustProveAnewAllStreamsEnd) {
  RawClient stream(port());
  stream.send(modern(port(), "subscriptions/listen", R"("notifications":{})"));
  ASSERT_FALSE(stream.read_until("acknowledged").empty());
  gateway().caller_gone("");
  EXPECT_NE(stream.read_until("\r\n0\r\n").find(R"("resultType":"complete")"), std::string::npos);
}

TEST_F(GatewayModernTest, ListeningNeedsAFilter) {
  EXPECT_EQ(ask(port(), modern(port(), "subscriptions/listen")).code(), -32602);
}

TEST_F(GatewayModernTest, APostedNotificationIsAccepted) {
  const Answer answer = ask(port(), post(port(), R"({"jsonrpc":"2.0","method":"notifications/x"})",
                                         "MCP-Protocol-Version: 2026-07-28\r\n"));
  EXPECT_EQ(answer.status, 202);
}

}  // namespace
}  // namespace mcpbox::test
