// The real gateway: prompts, resources and completion.  The fake monitor has demo__ask (a prompt), demo__note
// (the resource test://note), and demo__day (the template test://day/{n}).
#include "tests/gateway/fake_monitor.h"

namespace mcpbox::test {
namespace {

class GatewayKindsTest : public GatewayTest {
 protected:
  static Answer legacy(const std::string& method, const std::string& params = "{}") {
    return ask(
        port(),
        post(port(), R"({"jsonrpc":"2.0","id":7,"method":")" + method + R"(","params":)" + params + "}",
             "Mcp-Session-Id: " + gateway().initialize() + "\r\n"));
  }
  static Answer modern(const std::string& method, const std::string& params, const std::string& name = "") {
    const std::string body = R"({"jsonrpc":"2.0","id":"x","method":")" + method + R"(","params":{)" + params +
                             (params.empty() ? "" : ",") +
                             R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                             R"("io.modelcontextprotocol/clientCapabilities":{}}}})";
    return ask(port(), post(port(), body,
                            "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: " + method + "\r\n" +
                                (name.empty() ? "" : "Mcp-Name: " + name + "\r\n")));
  }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_F(GatewayKindsTest, PromptsAreListedWithTheirArguments) {
  const std::string prompts = legacy("prompts/list").result("prompts");
  EXPECT_TRUE(has(prompts, R"("name":"demo__ask")")) << prompts;
  EXPECT_TRUE(has(prompts, R"("arguments":[{"name":"topic","description":"of what","required":true}])"))
      << prompts;
  const Answer list = modern("prompts/list", "");
  EXPECT_EQ(list.result("ttlMs"), "0");
  EXPECT_EQ(list.result("cacheScope"), "\"private\"");
  EXPECT_EQ(legacy("prompts/list", R"({"cursor":"none of ours"})").code(), -32602);
}

TEST_F(GatewayKindsTest, ResourcesAndTemplatesAreListedByTheirUris) {
  const std::string resources = legacy("resources/list").result("resources");
  EXPECT_TRUE(has(resources, R"("uri":"test://note","mimeType":"text/plain")")) << resources;
  EXPECT_TRUE(has(resources, R"("annotations":{"priority":0.5})")) << resources;
  EXPECT_TRUE(has(legacy("resources/templates/list").result("resourceTemplates"),
                  R"("uriTemplate":"test://day/{n}")"));
}

TEST_F(GatewayKindsTest, APromptIsOpenedAsOne) {
  const Answer got = legacy("prompts/get", R"({"name":"demo__ask","arguments":{"topic":"fish"}})");
  EXPECT_EQ(got.result("messages"), "[]") << got.body;
  EXPECT_EQ(gateway().last_call().method, p::Method::kPromptsGet);
  for (const char* params : {R"({"name":"demo__none"})", R"({"name":""})", R"({"name":5})", "{}"})
    EXPECT_EQ(legacy("prompts/get", params).code(), -32602) << params;
  EXPECT_EQ(modern("prompts/get", R"("name":"demo__ask")", "demo__ask").result("resultType"), "\"complete\"");
}

TEST_F(GatewayKindsTest, AUriIsReadByWhoeverHasIt) {
  EXPECT_TRUE(has(legacy("resources/read", R"({"uri":"test://note"})").result("contents"), "demo__note"));
  EXPECT_EQ(gateway().last_call().method, p::Method::kResourcesRead);
  EXPECT_TRUE(has(legacy("resources/read", R"({"uri":"test://day/3"})").result("contents"), "demo__day"));
  const Answer read = modern("resources/read", R"("uri":"test://note")", "test://note");
  EXPECT_EQ(read.result("ttlMs"), "0");
}

TEST_F(GatewayKindsTest, AUriOfNobodyIsNotFoundInTheWordsOfEachEra) {
  const Answer old = legacy("resources/read", R"({"uri":"test://day/3/4"})");
  EXPECT_EQ(old.code(), -32002);
  const Answer now = modern("resources/read", R"("uri":"test://none")", "test://none");
  EXPECT_EQ(now.code(), -32602);
  EXPECT_TRUE(has(now.body, R"("data":{"uri":"test://none"})")) << now.body;
  EXPECT_EQ(legacy("resources/read").code(), -32002);
}

TEST_F(GatewayKindsTest, CompletionIsOfAPromptOrATemplate) {
  const Answer got =
      legacy("completion/complete",
             R"({"ref":{"type":"ref/prompt","name":"demo__ask"},"argument":{"name":"a","value":""}})");
  EXPECT_TRUE(has(got.result("completion"), "values")) << got.body;
  EXPECT_EQ(gateway().last_call().method, p::Method::kComplete);
  EXPECT_TRUE(has(
      legacy("completion/complete",
             R"({"ref":{"type":"ref/resource","uri":"test://day/{n}"},"argument":{"name":"n","value":""}})")
          .result("completion"),
      "values"));
  for (const char* ref :
       {"{}", "5", R"({"type":"ref/prompt"})", R"({"type":"ref/resource","uri":"test://note"})",
        R"({"type":"ref/tool","name":"demo__ask"})"})
    EXPECT_EQ(legacy("completion/complete", std::string(R"({"ref":)") + ref + "}").code(), -32602) << ref;
}

TEST_F(GatewayKindsTest, WhoeverSubscribedIsToldOfAnUpdateByItsOwnServer) {
  const std::string session = "Mcp-Session-Id: " + gateway().initialize() + "\r\n";
  const auto send = [&](const std::string& method, const std::string& uri) {
    return ask(port(), post(port(),
                            R"({"jsonrpc":"2.0","id":7,"method":"resources/)" + method +
                                R"(","params":{"uri":")" + uri + "\"}}",
                            session));
  };
  EXPECT_EQ(send("subscribe", "test://none").code(), -32002);
  EXPECT_EQ(send("subscribe", "test://note").body, R"({"jsonrpc":"2.0","id":7,"result":{}})");
  EXPECT_EQ(send("subscribe", "test://day/1").result("x"), "");
  EXPECT_EQ(send("unsubscribe", "test://day/1").body, R"({"jsonrpc":"2.0","id":7,"result":{}})");
  RawClient stream(port());
  stream.send("GET /mcp HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port()) +
              "\r\nAccept: text/event-stream\r\n" + session + "\r\n");
  (void)stream.read_until(": open\n\n");
  gateway().resource_updated("other", R"({"uri":"test://note"})");
  gateway().resource_updated("demo", R"({"uri":"test://day/1"})");
  gateway().resource_updated("demo", "{");
  gateway().resource_updated("demo", R"({"uri":"test://note"})");
  EXPECT_TRUE(has(stream.read_until("\n\n"),
                  R"("method":"notifications/resources/updated","params":{"uri":"test://note"}})"))
      << "the first that is for it";
}

TEST_F(GatewayKindsTest, WhatAChildMadeWrongIsAnErrorOfTheProtocol) {
  EXPECT_EQ(legacy("prompts/get", R"({"name":"demo__echo"})").code(), -32603)
      << "a tool's result is no prompt";
  EXPECT_EQ(legacy("prompts/get", R"({"name":"demo__bad"})").code(), -32603);
  const Answer invalid = legacy("prompts/get", R"({"name":"demo__unfit"})");
  EXPECT_EQ(invalid.code(), -32602);
  EXPECT_TRUE(has(invalid.body, "`topic` is missing")) << invalid.body;
}

}  // namespace
}  // namespace mcpbox::test
