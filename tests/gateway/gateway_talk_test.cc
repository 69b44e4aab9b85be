// The real gateway: what a call says before its result, and what it asks.  demo__talks of the fake monitor
// reports progress, logs, asks a form, and ends with the client's answer as its text.
#include "tests/gateway/fake_monitor.h"

namespace mcpbox::test {
namespace {

constexpr const char* kClient = R"("io.modelcontextprotocol/clientCapabilities":{})";

class GatewayTalkTest : public GatewayTest {
 protected:
  static std::string call(const std::string& session, const std::string& tool, const std::string& meta) {
    return post(port(),
                R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":")" + tool +
                    R"(","arguments":{},"_meta":{)" + meta + "}}}",
                "Mcp-Session-Id: " + session + "\r\n");
  }
  static Answer respond(const std::string& session, const std::string& id, const std::string& rest) {
    return ask(port(), post(port(), R"({"jsonrpc":"2.0","id":)" + id + "," + rest + "}",
                            "Mcp-Session-Id: " + session + "\r\n"));
  }
  // The id of the question in an event.
  static std::string id_in(const std::string& event) {
    const std::size_t at = event.find("\"id\":") + 5;
    return event.substr(at, event.find(',', at) - at);
  }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_F(GatewayTalkTest, ProgressAndQuestionsComeBeforeTheResultOnTheSameStream) {
  const std::string session = gateway().initialize();
  RawClient client(port());
  client.send(call(session, "demo__talks", R"("progressToken":"p1")"));
  EXPECT_TRUE(has(client.read_until("\r\n\r\n"), "text/event-stream"));
  EXPECT_TRUE(has(client.read_until("\n\n"), R"("progressToken":"p1","progress":1)"));
  EXPECT_TRUE(has(client.read_until("\n\n"), R"("method":"notifications/message")"));
  const std::string question = client.read_until("\n\n");
  EXPECT_TRUE(has(question, R"("method":"elicitation/create","params":{"message":"?"})")) << question;
  EXPECT_EQ(respond(session, id_in(question), R"("result":{"action":"accept"})").status, 202);
  const std::string result = client.read_until("\n\n");
  EXPECT_TRUE(has(result, R"("id":7,"result":)")) << result;
  EXPECT_TRUE(has(result, "action"));
  EXPECT_TRUE(has(client.read_until("\r\n\r\n"), "0\r\n")) << "the stream ends with the result";
}

TEST_F(GatewayTalkTest, NobodyElseCanAnswerForTheClient) {
  const std::string session = gateway().initialize();
  const std::string other = gateway().initialize();
  RawClient client(port());
  client.send(call(session, "demo__talks", ""));
  (void)client.read_until("notifications/message");
  (void)client.read_until("\n\n");
  const std::string question = client.read_until("\n\n");
  const int answers = gateway().asked("AnswerCall");
  EXPECT_EQ(respond(other, id_in(question), R"("result":{"action":"accept"})").status, 202);
  EXPECT_EQ(respond(session, "\"ask-00000000-0000-0000-0000-000000000000-1\"", R"("result":{})").status, 202);
  EXPECT_EQ(respond(session, "1", R"("result":{})").status, 202);
  EXPECT_EQ(gateway().asked("AnswerCall"), answers);
  EXPECT_EQ(respond(session, id_in(question), R"("error":{"code":-1,"message":"not now"})").status, 202);
  EXPECT_TRUE(has(client.read_until("\n\n"), "refused: not now"));
}

TEST_F(GatewayTalkTest, AClientThatLeftIsNotAskedAndTheToolIsToldSo) {
  const std::string session = gateway().initialize();
  const int before = gateway().asked("OpenCall");
  {
    RawClient client(port());
    client.send(call(session, "demo__talks_later", ""));
    ASSERT_TRUE(gateway().wait_for("OpenCall", before + 1));
  }
  const int answers = gateway().asked("AnswerCall");
  gateway().talk_now();
  EXPECT_TRUE(gateway().wait_for("AnswerCall", answers + 1));
  EXPECT_TRUE(gateway().last_answer().refused);
}

TEST_F(GatewayTalkTest, ACallThatSaysNothingIsAnsweredWithPlainJson) {
  const std::string session = gateway().initialize();
  const Answer answer = ask(port(), call(session, "demo__echo", R"("progressToken":1)"));
  EXPECT_EQ(answer.headers.at("content-type"), "application/json");
  EXPECT_EQ(gateway().last_call().session, session) << "the monitor looks up what its client can";
}

TEST_F(GatewayTalkTest, TheLevelOfASessionGoesToTheMonitor) {
  const std::string session = "Mcp-Session-Id: " + gateway().initialize() + "\r\n";
  const auto set = [&](const std::string& params) {
    return ask(port(),
               post(port(), R"({"jsonrpc":"2.0","id":1,"method":"logging/setLevel","params":)" + params + "}",
                    session));
  };
  const Answer good = set(R"({"level":"debug"})");
  EXPECT_EQ(good.body, R"({"jsonrpc":"2.0","id":1,"result":{}})");
  EXPECT_EQ(gateway().asked("SetLogLevel"), 1);
  for (const char* bad : {"{}", R"({"level":"loud"})", R"({"level":1})"})
    EXPECT_EQ(set(bad).code(), -32602) << bad;
  EXPECT_EQ(gateway().asked("SetLogLevel"), 1);
}

class GatewayRepeatedTest : public GatewayTest {
 protected:
  static Answer call(const std::string& tool, const std::string& more = "", const std::string& meta = "") {
    const std::string body =
        R"({"jsonrpc":"2.0","id":"x","method":"tools/call","params":{"name":")" + tool + "\"" + more +
        R"(,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)" + kClient + meta + "}}}";
    return ask(
        port(),
        post(port(), body,
             "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: " + tool + "\r\n"));
  }
};

TEST_F(GatewayRepeatedTest, AQuestionIsAResultAndItsStateComesBackToTheMonitor) {
  const Answer first = call("demo__asks");
  EXPECT_EQ(first.result("resultType"), "\"input_required\"");
  EXPECT_EQ(first.result("inputRequests"), R"({"a":{"method":"roots/list","params":{}}})");
  EXPECT_EQ(first.result("ttlMs"), "");
  EXPECT_EQ(first.result("requestState"), "\"c2VhbGVk_w\"");
  EXPECT_EQ(call("demo__echo", R"(,"requestState":"c2VhbGVk_w","inputResponses":{})").result("isError"),
            "false");
  EXPECT_EQ(gateway().last_call().request_state, "sealed\xff");
}

TEST_F(GatewayRepeatedTest, AStateThatIsNotOursIsAnErrorOfTheProtocol) {
  for (const char* bad : {"5", "\"\"", "\"c2VhbGVk_w-TAMPERED!\"", "null", "\"c2VhbGVk_w==\""}) {
    const Answer answer = call("demo__echo", std::string(R"(,"requestState":)") + bad);
    EXPECT_EQ(answer.code(), -32602) << bad;
  }
  EXPECT_EQ(call("demo__stale", R"(,"requestState":"c2VhbGVk_w")").code(), -32602);
}

TEST_F(GatewayRepeatedTest, AMissingCapabilityIsNamed) {
  const Answer answer = call("demo__needs");
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.code(), -32021);
  EXPECT_TRUE(has(answer.body, R"("data":{"requiredCapabilities":{"sampling":{}}})")) << answer.body;
}

TEST_F(GatewayRepeatedTest, AnUnknownLogLevelIsRefused) {
  EXPECT_EQ(call("demo__echo", "", R"(,"io.modelcontextprotocol/logLevel":"loud")").code(), -32602);
  EXPECT_EQ(call("demo__echo", "", R"(,"io.modelcontextprotocol/logLevel":"info")").result("isError"),
            "false");
}

}  // namespace
}  // namespace mcpbox::test
