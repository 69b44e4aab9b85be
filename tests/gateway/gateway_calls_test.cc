// The real gateway: every ending of a call, and the management tools.
#include <set>
#include <string>
#include <vector>

#include "tests/gateway/fake_monitor.h"

namespace mcpbox::test {
namespace {

constexpr const char* kId = "123e4567-e89b-42d3-a456-426614174000";
constexpr const char* kAbsent = "ee000000-0000-0000-0000-000000000000";

class GatewayCallsTest : public GatewayTest {
 protected:
  static Answer call(const std::string& name, const std::string& arguments = "{}") {
    const std::string session = "Mcp-Session-Id: " + gateway().initialize() + "\r\n";
    return ask(port(), post(port(),
                            R"({"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":")" + name +
                                R"(","arguments":)" + arguments + "}}",
                            session));
  }
  // The text of an isError result; empty when it is none.
  static std::string refusal(const std::string& name, const std::string& arguments = "{}") {
    const Answer answer = call(name, arguments);
    return answer.result("isError") == "true" ? answer.result("content") : "";
  }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST_F(GatewayCallsTest, AResultIsPassedOnAsTheToolMadeIt) {
  const Answer answer = call("demo__embedded", R"({"password":"hunter2","monkey":1})");
  EXPECT_EQ(answer.result("structuredContent"), R"({"a":{"b":[1]}})");
  EXPECT_EQ(answer.result("resultType"), "") << "not in this era";
  EXPECT_EQ(gateway().last_call().arguments_log, R"({"password":"[REDACTED]","monkey":1})");
  EXPECT_EQ(gateway().last_call().client, "raw/1");
  EXPECT_TRUE(has(gateway().last_call().body, "hunter2")) << "the body goes to the tool as it came";
}

TEST_F(GatewayCallsTest, WhatIsNotOneJsonObjectIsNotEmbedded) {
  for (const char* tool : {"demo__bad", "demo__newline", "demo__resulting"})
    EXPECT_TRUE(has(refusal(tool), "malformed JSON")) << tool;
}

TEST_F(GatewayCallsTest, EndsWithoutAResultAreExplained) {
  EXPECT_TRUE(has(refusal("demo__timeout"), "did not finish within 30 s."));
  EXPECT_TRUE(has(refusal("demo__unsaid"), "could not be recorded"));
  EXPECT_TRUE(has(refusal("demo__busy"), "nothing was executed"));
  EXPECT_TRUE(has(refusal("demo__frozen"), "frozen"));
}

TEST_F(GatewayCallsTest, UnknownToolsAreNamedWithAHint) {
  for (const char* name : {"demo__none", "no_server", "", "mcpbox_none"}) {
    const Answer answer = call(name);
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.code(), -32602) << name;
    EXPECT_TRUE(has(answer.body, "tools/list"));
  }
  EXPECT_EQ(call(std::string(100'000, 'x')).code(), -32602);
  EXPECT_EQ(call("demo__echo", "[]").code(), -32602);
}

TEST_F(GatewayCallsTest, ServersAreMadeStartedAndStopped) {
  const Answer made = call("mcpbox_create_server", R"({"name":"weather","description":"for \u00fc"})");
  EXPECT_TRUE(has(made.result("structuredContent"), R"("id":"01020300-0000-0000-0000-000000000000")"));
  EXPECT_TRUE(has(made.result("content"), "mcpbox_create_tool")) << "says what to do next";
  EXPECT_EQ(made.result("isError"), "");
  EXPECT_TRUE(
      has(refusal("mcpbox_create_server", R"({"name":"taken"})"), "Error: a server of this name exists"));
  const std::string id = std::string(R"({"server_id":")") + kId + "\"}";
  EXPECT_TRUE(has(call("mcpbox_start_server", id).result("structuredContent"), R"("registered_tools":2)"));
  EXPECT_TRUE(has(refusal("mcpbox_stop_server", id), std::string("Server ") + kId + " not found"));
}

TEST_F(GatewayCallsTest, ToolsAreMadeChangedCheckedAndPublished) {
  const std::string server = std::string(R"("server_id":")") + kId + "\",";
  const std::string tool = std::string(R"("tool_id":")") + kId + "\"";
  const Answer made =
      call("mcpbox_create_tool", "{" + server + R"("name":"t","python_code":"async def main(): pass"})");
  EXPECT_TRUE(has(made.result("structuredContent"), R"("input_schema":{"type":"object")"));
  EXPECT_TRUE(
      has(refusal("mcpbox_create_tool", "{" + server + R"("name":"t","python_code":"bad"})"), "line 3"));
  EXPECT_TRUE(has(call("mcpbox_update_tool", "{" + tool + R"(,"enabled":false})").result("structuredContent"),
                  "pending_review"));
  EXPECT_TRUE(has(refusal("mcpbox_update_tool", "{" + tool + "}"), "No fields to update"));
  const Answer valid = call("mcpbox_validate_code", R"({"code":"x"})");
  EXPECT_EQ(valid.result("isError"), "");
  EXPECT_TRUE(has(valid.result("structuredContent"),
                  R"("findings":[{"rule":"long-line","line":2}],"secrets":[]})"))  // nothing but known lists
      << valid.body;
  const Answer invalid = call("mcpbox_validate_code", R"({"code":"bad"})");
  EXPECT_EQ(invalid.result("isError"), "true");
  EXPECT_TRUE(has(invalid.result("structuredContent"), R"("valid":false)"));
  EXPECT_TRUE(
      has(call("mcpbox_request_publish", "{" + tool + "}").result("structuredContent"), "pending_review"));
}

// The rules of MCP on what authors set beside the code: each with the field's name and the rule.
TEST_F(GatewayCallsTest, WhatIsSetBesideTheCodeIsHeldToItsShape) {
  const std::string tool = std::string(R"({"server_id":")") + kId + R"(","name":"t","python_code":"x",)";
  const std::pair<const char*, const char*> wrong[] = {
      {R"("kind":"agent")", "Invalid kind: must be one of tool, prompt, resource, resource_template"},
      {R"("annotations":{"cheap":true})", "Invalid annotations: `cheap` is not known"},
      {R"("annotations":{"readOnlyHint":"yes"})", "`readOnlyHint` must be true or false"},
      {R"("annotations":{"priority":0.5})", "`priority` does not go with the kind tool"},
      {R"("kind":"prompt","annotations":{"priority":1.5})", "must be a number from 0 to 1"},
      {R"("icons":{})", "Invalid icons: must be an array of objects"},
      {R"("icons":[1])", "each icon must be an object"},
      {R"("icons":[{"src":"javascript:alert"}])", "src must be an https: or data:image/ URL"},
      {R"("icons":[{"src":"https://x","theme":"red"}])", "theme must be light or dark"},
      {R"("uri_template":"today")", "Invalid uri_template: must begin with a scheme"},
      {R"("uri_template":"notes://{a{b}}")", "each {part} must be a parameter of main()"},
      {R"("uri_template":"notes://a b")", "must be visible ASCII"},
      {R"("headers":{"n":"two words"})", "`n` needs a header name"},
      {R"("headers":{"n":"X","m":"x"})", "two arguments have the header `x`"},
      {R"("headers":{"other":"X"})", "`other` is no parameter of main()"},
      {R"("input_schema":{"type":"object","properties":{"n":{"type":"integer"},"m":{"type":"string",)"
       R"("x-mcp-header":"Region"}}},"headers":{"n":"region"})",
       "annotates another argument with one of these headers"},
      {R"("input_schema":7)", "Invalid input_schema: must be an object"},
  };
  for (const auto& [member, words] : wrong) {
    const std::string said = refusal("mcpbox_create_tool", tool + member + "}");
    EXPECT_TRUE(has(said, words)) << member << ": " << said;
  }
  const std::string big = R"("input_schema":{"d":")" + std::string(70'000, 'x') + "\"}";
  EXPECT_TRUE(has(refusal("mcpbox_create_tool", tool + big + "}"), "the limit is 65536"));
  const Answer good = call("mcpbox_create_tool", tool + R"("annotations":{"title":"T","readOnlyHint":true},
      "icons":[{"src":"https://x/i.png","sizes":["48x48"],"theme":"dark"}],"headers":{"n":"N"}})");
  EXPECT_EQ(good.result("isError"), "") << good.body;
  const std::string id = std::string(R"({"tool_id":")") + kId + "\"";
  EXPECT_EQ(call("mcpbox_update_tool", id + R"(,"annotations":null,"timeout_ms":null})").result("isError"),
            "");
}

TEST_F(GatewayCallsTest, VersionsAreShownComparedAndComeBackTo) {
  const std::string tool = std::string(R"({"tool_id":")") + kId + "\"";
  const Answer one = call("mcpbox_list_tool_versions", tool + R"(,"version":2})");
  EXPECT_TRUE(has(one.result("structuredContent"), R"("input_schema":{})")) << one.body;
  EXPECT_FALSE(has(one.result("structuredContent"), R"("icons")")) << "there are none";
  const Answer two = call("mcpbox_list_tool_versions", tool + R"(,"version":2,"compare_to":1})");
  EXPECT_TRUE(has(two.result("structuredContent"),
                  R"("from":1,"to":2,"fields":{"timeout_ms":{"from":1000,"to":2000}})"))
      << two.body;
  EXPECT_TRUE(has(two.result("structuredContent"), R"("code_diff":"@@ -1,2 +1,2 @@\n a\n-v1\n+v2\n")"))
      << two.body;
  EXPECT_TRUE(has(refusal("mcpbox_list_tool_versions", tool + R"(,"version":3})"), "has no version 3"));
  EXPECT_TRUE(
      has(refusal("mcpbox_list_tool_versions", tool + R"(,"compare_to":1})"), "compare_to needs version"));
  const Answer back = call("mcpbox_rollback_tool", tool + R"(,"version":1})");
  EXPECT_TRUE(has(back.result("structuredContent"), R"("current_version":3,"approval_status":"draft")"))
      << back.body;
  EXPECT_TRUE(has(refusal("mcpbox_rollback_tool", tool + R"(,"version":9})"), "does not exist"));
  EXPECT_TRUE(has(refusal("mcpbox_rollback_tool", tool + "}"), "version is required"));
}

TEST_F(GatewayCallsTest, ToolsAndServersAreDeleted) {
  const std::string server = std::string(R"({"server_id":")") + kId + "\"}";
  EXPECT_TRUE(
      has(call("mcpbox_delete_server", server).result("structuredContent"), "its 2 tools are deleted"));
  EXPECT_EQ(call("mcpbox_delete_tool", std::string(R"({"tool_id":")") + kId + "\"}").result("isError"), "");
  EXPECT_TRUE(
      has(refusal("mcpbox_delete_tool", std::string(R"({"tool_id":")") + kAbsent + "\"}"), "not found"));
}

TEST_F(GatewayCallsTest, ADraftRunGivesValueAndOutput) {
  const std::string tool = std::string(R"({"tool_id":")") + kId + "\"";
  const Answer run = call("mcpbox_test_code", tool + R"(,"arguments":{"n":123456789012345678901234567890}})");
  EXPECT_TRUE(has(run.result("structuredContent"), R"("result":[1,2],)")) << run.body;
  EXPECT_TRUE(has(run.result("structuredContent"), R"("stdout":"out\n")")) << run.body;
  EXPECT_EQ(gateway().last_test().arguments, R"({"n":123456789012345678901234567890})");
  const Answer failed = call("mcpbox_test_code", tool + R"(,"arguments":{"fail":true}})");
  EXPECT_EQ(failed.result("isError"), "true");
  EXPECT_TRUE(has(failed.result("structuredContent"), R"("success":false,"error":"ValueError: no")"));
  EXPECT_EQ(call("mcpbox_test_code", tool + "}").result("isError"), "");
  EXPECT_EQ(gateway().last_test().arguments, "{}");
}

TEST_F(GatewayCallsTest, ReadsAreParsedBeforeTheyAreShown) {
  const std::string tool = std::string(R"({"tool_id":")") + kId + "\"}";
  EXPECT_TRUE(
      has(call("mcpbox_get_tool", tool).result("structuredContent"), R"("input_schema":{"type":"object"})"));
  EXPECT_TRUE(has(call("mcpbox_list_servers", R"({"page":3,"page_size":100})").result("structuredContent"),
                  R"("page":3,"page_size":100)"));
  EXPECT_TRUE(has(call("mcpbox_get_tool_logs", tool).result("structuredContent"), R"("page_size":10)"));
  EXPECT_TRUE(
      has(refusal("mcpbox_get_tool", std::string(R"({"tool_id":")") + kAbsent + "\"}"), " not found"));
}

TEST_F(GatewayCallsTest, ArgumentsAreCheckedBeforeAnybodyIsAsked) {
  const int asked = gateway().asked("Read");
  EXPECT_TRUE(has(refusal("mcpbox_get_server"), "server_id is required"));
  EXPECT_TRUE(has(refusal("mcpbox_get_server", R"({"server_id":"x"})"), "Invalid server_id"));
  EXPECT_TRUE(has(refusal("mcpbox_list_servers", R"({"page_size":101})"), "from 1 to 100"));
  EXPECT_TRUE(has(refusal("mcpbox_list_servers", R"({"pages":1})"), "Unknown argument"));
  EXPECT_EQ(gateway().asked("Read"), asked);
}

TEST_F(GatewayCallsTest, ToolsAreFoundByWordsTheBestMatchFirst) {
  const Answer all = call("mcpbox_search_tools", R"({"query":"","page_size":50})");
  EXPECT_TRUE(has(all.result("structuredContent"), R"("total":12)")) << all.body;
  const Answer found = call("mcpbox_search_tools", R"({"query":"Json things","page_size":2})");
  EXPECT_TRUE(has(found.result("structuredContent"), R"("tools":[{"name":"demo__json","description":)"))
      << found.body;
  EXPECT_TRUE(has(found.result("structuredContent"), R"("total":12)")) << "every description has `things`";
  const Answer none = call("mcpbox_search_tools", R"({"query":"nothing like it"})");
  EXPECT_TRUE(
      has(none.result("structuredContent"), R"({"tools":[],"total":0,"page":1,"page_size":10,"pages":0,)"))
      << none.body;
  EXPECT_TRUE(has(refusal("mcpbox_search_tools"), "query is required"));
}

// Every page in turn is the whole list, in the order of the rank, each tool once and with its schema.
TEST_F(GatewayCallsTest, ASearchHasPages) {
  std::vector<std::string> paged;
  for (int page = 1; page <= 4; ++page) {
    const Answer answer = call("mcpbox_search_tools", R"({"query":"json things","page_size":5,"page":)" +
                                                          std::to_string(page) + "}");
    EXPECT_TRUE(has(answer.result("structuredContent"),
                    R"("total":12,"page":)" + std::to_string(page) + R"(,"page_size":5,"pages":3)"))
        << answer.body;
    const http::Json content = http::parse_object(answer.result("structuredContent"));
    const json_t* tools = json_object_get(content.get(), "tools");
    EXPECT_EQ(json_array_size(tools), page < 3 ? 5u : page == 3 ? 2u : 0u);
    for (std::size_t i = 0; i < json_array_size(tools); ++i) {
      paged.emplace_back(http::text_of(json_object_get(json_array_get(tools, i), "name")));
      const bool has_schema = json_is_object(json_object_get(json_array_get(tools, i), "input_schema"));
      EXPECT_EQ(has_schema, paged.back() != "demo__bad")
          << paged.back() << ": the schema of that one is none";
    }
  }
  ASSERT_EQ(paged.size(), 12u);
  EXPECT_EQ(paged.front(), "demo__json");
  EXPECT_EQ(std::set<std::string>(paged.begin(), paged.end()).size(), 12u);
}

TEST_F(GatewayCallsTest, TheDispatcherOpensTheInnerToolWithTheWholeBody) {
  const Answer answer =
      call("mcpbox_call_tool", R"({"name":"demo__embedded","arguments":{"password":"hunter2","n":1}})");
  EXPECT_EQ(answer.result("structuredContent"), R"({"a":{"b":[1]}})") << "the tool's result as it is";
  EXPECT_EQ(gateway().last_call().tool, "demo__embedded");
  EXPECT_EQ(gateway().last_call().arguments_log, R"({"password":"[REDACTED]","n":1})");
  EXPECT_TRUE(has(gateway().last_call().body, R"("name":"mcpbox_call_tool")"))
      << "the child reads the inner name from it";
  const Answer text = call("mcpbox_call_tool", R"({"name":"demo__echo"})");
  EXPECT_EQ(text.result("isError"), "false");
  EXPECT_EQ(text.result("structuredContent"), R"({"result":"hi"})") << "what its outputSchema promises";
  EXPECT_EQ(call("mcpbox_call_tool", R"({"name":"demo__json"})").result("structuredContent"),
            R"({"result":[1,2]})");
}

TEST_F(GatewayCallsTest, TheDispatcherCallsPublishedToolsOnly) {
  const int opened = gateway().asked("OpenCall");
  EXPECT_TRUE(has(refusal("mcpbox_call_tool", R"({"name":"mcpbox_list_servers"})"), "call it directly"));
  EXPECT_TRUE(has(refusal("mcpbox_call_tool", R"({"name":"echo"})"), "Unknown tool: echo"));
  EXPECT_TRUE(has(refusal("mcpbox_call_tool", R"({"name":"demo__echo","arguments":[]})"), "arguments"));
  EXPECT_TRUE(has(refusal("mcpbox_call_tool"), "name is required"));
  EXPECT_EQ(gateway().asked("OpenCall"), opened);
  EXPECT_TRUE(has(refusal("mcpbox_call_tool", R"({"name":"demo__none"})"), "Unknown tool: demo__none"));
}

TEST_F(GatewayCallsTest, NulAndHalfCharactersInArgumentsDoNoHarm) {
  EXPECT_EQ(call("demo__echo", R"({"text":"a\u0000\ud800"})").result("isError"), "false");
  EXPECT_TRUE(has(refusal("mcpbox_create_server", R"({"name":"a","description":"a\u0000"})"), "NUL"));
  EXPECT_FALSE(refusal("mcpbox_create_server", R"({"name":"a\u0000"})").empty());
}

// --- What may be granted ----------------------------------------------------------------------------------

std::string with_reason(const std::string& members) {
  return std::string(R"({"tool_id":")") + kId + R"(","justification":"it asks the weather service",)" +
         members + "}";
}

TEST_F(GatewayCallsTest, ARequestSaysThatAPersonDecidesAndWhatIsNext) {
  const Answer host = call("mcpbox_request_network_access", with_reason(R"("host":"a.example","port":443)"));
  EXPECT_EQ(host.result("isError"), "");
  const std::string structured = host.result("structuredContent");
  for (const char* part : {R"("host":"a.example")", R"("port":443)", R"("status":"pending")",
                           R"("request_id":"04050600)", "waits for a person", "mcpbox_get_tool_status"})
    EXPECT_TRUE(has(structured, part)) << part << " in " << structured;
  EXPECT_TRUE(has(
      call("mcpbox_request_network_access", with_reason(R"("host":"a.example")")).result("structuredContent"),
      R"("port":null)"));
  EXPECT_TRUE(
      has(call("mcpbox_request_module", with_reason(R"("module_name":"yaml")")).result("structuredContent"),
          R"("module_name":"yaml")"));
}

TEST_F(GatewayCallsTest, ARequestThatIsPointlessIsRefusedWithTheReason) {
  const std::string tool = "mcpbox_request_network_access";
  EXPECT_TRUE(has(refusal(tool, with_reason(R"("host":"covered.example")")), "covered already"));
  EXPECT_TRUE(has(refusal(tool, with_reason(R"("host":"waits.example")")), "asked for already"));
  const std::string rejected = refusal(tool, with_reason(R"("host":"rejected.example")"));
  EXPECT_TRUE(has(rejected, "use the other one")) << rejected;
  EXPECT_TRUE(
      has(refusal("mcpbox_request_module", with_reason(R"("module_name":"json")")), "default modules"));
  EXPECT_TRUE(has(refusal(tool, with_reason(R"("host":"a.example","port":0)")), "Invalid port"));
  EXPECT_TRUE(
      has(refusal(tool, std::string(R"({"tool_id":")") + kId + R"(","host":"a.example"})"), "justification"));
  EXPECT_TRUE(has(refusal(tool, std::string(R"({"tool_id":")") + kAbsent +
                                    R"(","host":"a.example","justification":"it asks for something"})"),
                  "mcpbox_list_tools"));
}

TEST_F(GatewayCallsTest, ListsOfWhatMayBeGrantedArePaged) {
  const std::string modules = call("mcpbox_get_server_modules").result("structuredContent");
  for (const char* part : {R"("is_custom_config":true)", R"("allowed_modules":["json","yaml"])",
                           R"("not_installed":["yaml"])", R"("total_allowed":2)", R"("pages":1)"})
    EXPECT_TRUE(has(modules, part)) << part << " in " << modules;
  const std::string pending =
      call("mcpbox_list_pending_requests", R"({"page_size":1})").result("structuredContent");
  for (const char* part : {R"("pending_tools":[])", R"("module_name":"a.example")", R"("tool_name":"echo")",
                           R"("summary":{"tools":0,"modules":2,"network":2,"total":4})", R"("pages":2)",
                           R"("created_at":"2023-11-14T22:13:20.123Z")"})
    EXPECT_TRUE(has(pending, part)) << part << " in " << pending;
  const std::string of = std::string(R"({"server_id":")") + kId + R"("})";
  const std::string server = call("mcpbox_get_server", of).result("structuredContent");
  EXPECT_TRUE(has(server, R"("allowed_hosts":["a.example:443"])")) << server;
  EXPECT_TRUE(has(server, R"("pending_requests":{"modules":1,"network":0})")) << server;
  const std::string status = call("mcpbox_get_tool_status", std::string(R"({"tool_id":")") + kId + R"("})")
                                 .result("structuredContent");
  EXPECT_TRUE(has(status, R"("network_access_requests":[{"id":"04050600)")) << status;
  EXPECT_TRUE(has(status, R"("module_requests":[{"id":"04050600)")) << status;
}

TEST_F(GatewayCallsTest, ASecretIsNamedAndNeverValued) {
  const auto create = [&](const std::string& members) {
    return call("mcpbox_create_server_secret",
                std::string(R"({"server_id":")") + kId + R"(",)" + members + "}");
  };
  const std::string made = create(R"("key":"API_KEY","host":"a.example","place":"query","place_name":"k")")
                               .result("structuredContent");
  EXPECT_TRUE(has(made, R"("key":"API_KEY")") && has(made, R"("has_value":false)")) << made;
  EXPECT_TRUE(has(made, "never ask for the value")) << made;
  EXPECT_TRUE(has(create(R"("key":"TAKEN")").result("content"), "already"));
  EXPECT_TRUE(has(create(R"("key":"A","mode":"open")").result("content"), "sealed or exposed"));
  EXPECT_TRUE(has(create(R"("key":"A","place":"cookie")").result("content"),
                  "header, basic, query, path, json, form"));
  EXPECT_TRUE(has(create(R"("key":"A","value":"hunter2")").result("content"), "Unknown argument `value`"));
  const std::string list =
      call("mcpbox_list_server_secrets", std::string(R"({"server_id":")") + kId + R"("})")
          .result("structuredContent");
  for (const char* part :
       {R"("key":"API_KEY")", R"("has_value":true)", R"("host":"a.example")", R"("pages":1)"})
    EXPECT_TRUE(has(list, part)) << part << " in " << list;
}

}  // namespace
}  // namespace mcpbox::test
