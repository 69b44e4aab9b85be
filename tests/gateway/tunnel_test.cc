#include "gateway/tunnel.h"

#include <gtest/gtest.h>

namespace mcpbox::gateway {
namespace {

// 0 when it passes, else the status.
int check(const std::vector<std::pair<const char*, const char*>>& lines,
          const char* host = "mcp-gateway:8002") {
  RequestHead head{.method = Method::kPost, .path = "/mcp"};
  if (host != nullptr) head.headers.add("Host", host);
  for (const auto& [name, value] : lines) head.headers.add(name, value);
  const auto passed = check_tunnel_head(head);
  return passed ? 0 : passed.error().status;
}

TEST(TunnelHead, IsAddressedByTheTunnelsNameAlone) {
  EXPECT_EQ(check({}), 0);
  EXPECT_EQ(check({}, "MCP-Gateway:8002"), 0);
  for (const char* host :
       {"localhost:8002", "127.0.0.2:8002", "mcp-gateway", "mcp-gateway:8002.evil.example", ""})
    EXPECT_EQ(check({}, host), 403) << host;
  EXPECT_EQ(check({}, nullptr), 403);
}

TEST(TunnelHead, NoPageAsksHere) { EXPECT_EQ(check({{"Origin", "https://claude.ai"}}), 403); }

TEST(TunnelHead, WhatProvesSomethingComesOnceInAnySpelling) {
  for (const char* name :
       {"X-MCPbox-Assertion", "X-MCPbox-Service-Token", "X-MCPbox-User-Email", "Mcp-Session-Id"}) {
    EXPECT_EQ(check({{name, "a"}}), 0) << name;
    EXPECT_EQ(check({{name, "a"}, {name, "a"}}), 400) << name;
  }
  EXPECT_EQ(check({{"x-mcpbox-assertion", "a"}, {"X-MCPBOX-ASSERTION", "b"}}), 400);
  EXPECT_EQ(check({{"X-MCPbox-Assertion ", "a"}}), 400);
  EXPECT_EQ(check({{"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}}), 400);
}

struct Asked {
  const char* body;
  bool anonymous;
  bool may_list;
  const char* refusal;  // nullptr: none
};

TEST(Anonymous, SaysHelloAndListsWhereThatIsAllowed) {
  const Asked all[] = {
      {R"({"jsonrpc":"2.0","id":1,"method":"initialize"})", true, false, nullptr},
      {R"({"jsonrpc":"2.0","id":1,"method":"server/discover"})", true, false, nullptr},
      {R"({"jsonrpc":"2.0","method":"notifications/initialized"})", true, false, nullptr},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})", true, false,
       "Tool listing requires user authentication"},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})", true, true, nullptr},
      {R"({"jsonrpc":"2.0","id":1,"method":"prompts/list"})", true, true, nullptr},
      {R"({"jsonrpc":"2.0","id":1,"method":"prompts/list"})", true, false,
       "Requires user authentication via Cloudflare Access"},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/call"})", true, true,
       "Tool execution requires user authentication via MCP Portal"},
      {R"({"jsonrpc":"2.0","id":1,"method":"ping"})", true, true,
       "Requires user authentication via Cloudflare Access"},
      {R"({"jsonrpc":"2.0","id":1,"result":{}})", true, true,
       "Requires user authentication via Cloudflare Access"},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/call"})", false, true, nullptr},
  };
  for (const Asked& asked : all) {
    const auto message = parse_message(asked.body);
    ASSERT_TRUE(message) << asked.body;
    Incoming in;
    in.anonymous = asked.anonymous;
    in.may_list = asked.may_list;
    const auto refused = anonymous_refusal(in, *message);
    EXPECT_EQ(refused.has_value(), asked.refusal != nullptr) << asked.body;
    if (!refused) continue;
    EXPECT_EQ(refused->message, asked.refusal);
    EXPECT_EQ(refused->code, -32600);
    EXPECT_EQ(refused->id, "1");
  }
}

}  // namespace
}  // namespace mcpbox::gateway
