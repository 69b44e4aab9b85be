// The real gateway behind the tunnel: its callers prove with each request who they are, and have all the rest
// that a local caller has.
#include <algorithm>
#include <memory>
#include <string>

#include "policy/assertion.h"
#include "policy/limits.h"
#include "privsep/http/base64.h"
#include "tests/gateway/fake_monitor.h"

namespace mcpbox::test {
namespace {

using http::Alphabet;
using http::base64_encode;

// What the Worker would send for this person; the fake monitor looks at no signature.
std::string assertion(const std::string& method, const std::string& email) {
  const std::string nonce = base64_encode(std::string(16, 'n'), Alphabet::kUrl);
  const std::string hash = base64_encode(std::string(32, 'h'), Alphabet::kUrl);
  const std::string text = std::string(policy::assertion::kForm) + "\nk1\nissuer\nmcpbox:0\n1\n61\n" + nonce +
                           "\n" + method + "\n/mcp\n\n" + hash + "\n\n\nperson\n" + email + "\nclient\nmcp";
  return base64_encode(text, Alphabet::kUrl) + "." + base64_encode(std::string(64, 's'), Alphabet::kUrl);
}

class GatewayTunnelTest : public testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root: the gateway has no other mode than its jail";
    gateway = std::make_unique<GatewayProcess>(1'000'000, "net-tunnel");
    ASSERT_TRUE(gateway->ready());
  }
  void TearDown() override {
    if (gateway) {
      EXPECT_TRUE(gateway->alive());
    }
  }

  // A request of 2026-07-28 by a client whose limit is known.
  [[nodiscard]] std::string request(const std::string& email, const std::string& method,
                                    const std::string& params, const std::string& name) const {
    const std::string body =
        R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":{)" + params +
        R"(,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
        R"("io.modelcontextprotocol/clientCapabilities":{},)"
        R"("io.modelcontextprotocol/clientInfo":{"name":"claude-code","version":"2"}}}})";
    std::string bytes =
        post(gateway->port(), body,
             "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: " + method + "\r\n" +
                 (name.empty() ? "" : "Mcp-Name: " + name + "\r\n") +
                 "X-MCPbox-Service-Token: token\r\nX-MCPbox-Assertion: " + assertion("POST", email) + "\r\n");
    const std::string host = "127.0.0.1:" + std::to_string(gateway->port());
    return bytes.replace(bytes.find(host), host.size(), "mcp-gateway:8002");
  }
  [[nodiscard]] Answer as(const std::string& email, const std::string& method, const std::string& params,
                          const std::string& name) const {
    return ask(gateway->port(), request(email, method, params, name));
  }

  std::unique_ptr<GatewayProcess> gateway;
};

TEST_F(GatewayTunnelTest, ALongResultIsCutAndTheRestIsItsCallersAlone) {
  const Answer called = as("ada@example.org", "tools/call", R"("name":"demo__long")", "demo__long");
  const http::Json content = http::parse_value(called.result("content"));
  const std::string first = json_string_value(json_object_get(json_array_get(content.get(), 0), "text"));
  EXPECT_LE(first.size(), policy::limits::kClaudeCodeResultBytes);
  EXPECT_GT(first.size(), policy::limits::kClaudeCodeResultBytes / 2);
  const json_t* link = json_array_get(content.get(), 2);
  ASSERT_STREQ(json_string_value(json_object_get(link, "type")), "resource_link")
      << called.body.substr(0, 300);
  const std::string uri = json_string_value(json_object_get(link, "uri"));

  const std::string params = R"("uri":")" + uri + "\"";
  const http::Json rest =
      http::parse_value(as("ada@example.org", "resources/read", params, uri).result("contents"));
  const std::string more = json_string_value(json_object_get(json_array_get(rest.get(), 0), "text"));
  const std::string next = "line " + std::to_string(std::ranges::count(first, '\n')) + "\n";
  EXPECT_EQ(more.substr(0, next.size()), next) << "it goes on where the result was cut";
  EXPECT_EQ(as("eve@example.org", "resources/read", params, uri).code(), -32602) << "another remote caller";
}

}  // namespace
}  // namespace mcpbox::test
