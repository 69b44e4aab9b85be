#include <gtest/gtest.h>

#include "gateway/eras.h"
#include "gateway/methods.h"
#include "privsep/http/json_check.h"

namespace mcpbox::gateway {
namespace {

std::string result_of(const std::string& json, bool modern = false) {
  protocol::CallResult ended{.end = protocol::CallEnd::kOk};
  ended.result = json;
  return tool_result(ended, modern);
}

TEST(ToolResult, WhatTheChildMadeIsPassedOnByteByByte) {
  const std::string good = R"({"content": [], "isError": false, "_meta": {"execution": {}}})";
  EXPECT_EQ(result_of(good), good);
  EXPECT_EQ(result_of(" " + good), good);
}

TEST(ToolResult, TheCallsIdIsInItsMeta) {
  protocol::CallResult ended{.call = {0xAB}, .end = protocol::CallEnd::kOk};
  const std::string id = "\"mcpbox/callId\":\"ab000000-0000-0000-0000-000000000000\"";
  ended.result = R"({"content":[],"_meta":{"execution":{}}})";
  EXPECT_EQ(tool_result(ended, false), R"({"content":[],"_meta":{)" + id + R"(,"execution":{}}})");
  ended.result = R"({"content":[],"_meta":{ }})";
  EXPECT_EQ(tool_result(ended, false), R"({"content":[],"_meta":{)" + id + R"( }})");
  ended.result = R"({"content":[]})";
  EXPECT_EQ(tool_result(ended, false), R"({"_meta":{)" + id + R"(},"content":[]})");
  for (const char* odd : {R"({"content":[],"_meta":1})", R"({"content":[],"_meta":"}"})"}) {
    ended.result = odd;
    EXPECT_EQ(tool_result(ended, false), odd);
  }
}

TEST(ToolResult, WhatIsNotAResultBecomesAnError) {
  for (const char* bad : {"[]", "1", "{", "{}", "{\"content\":[]", "{\"content\":[],\n\"a\":1}",
                          "{\"content\":[],\"resultType\":\"task\"}", "{\"content\":\"\xff\"}"})
    EXPECT_NE(result_of(bad).find("malformed JSON"), std::string::npos) << bad;
  const std::string deep = std::string(70, '[') + std::string(70, ']');
  EXPECT_NE(result_of("{\"content\":" + deep + "}").find("malformed JSON"), std::string::npos);
}

TEST(ToolResult, TheDispatchersResultAlwaysHasAnObject) {
  const std::string own = R"({"structuredContent":{"a":1},"content":[],"isError":false})";
  EXPECT_EQ(with_object(own), own);
  EXPECT_EQ(
      with_object(R"({"content":[{"type":"text","text":"h\"i"}],"isError":false})"),
      R"({"structuredContent":{"result":"h\"i"},"content":[{"type":"text","text":"h\"i"}],"isError":false})");
  EXPECT_EQ(with_object(R"({"structuredContent":[1, 2],"content":[]})"),
            R"({"structuredContent":{"result":[1, 2]},"content":[]})");
  const std::string json =
      R"({"content":[{"type":"text","text":"[1, 2]"}],"isError":false,"_meta":{"execution":{"is_json":true}}})";
  EXPECT_TRUE(with_object(json).starts_with(R"({"structuredContent":{"result":[1, 2]},"content":)"));
  EXPECT_TRUE(with_object(R"({"content":[{"type":"image","data":""}]})")
                  .starts_with(R"({"structuredContent":{"result":null},)"));
}

TEST(ToolResult, TheDispatcherLeavesErrorsAndQuestionsAlone) {
  for (const char* as_it_is :
       {R"({"content":[],"isError":true})", R"({"resultType":"input_required","content":[]})", R"({"a":1})"})
    EXPECT_EQ(with_object(as_it_is), as_it_is);
}

TEST(ToolResult, EveryEndWithoutAResultIsExplained) {
  for (int end = 1; end <= 9; ++end) {
    protocol::CallResult ended{.end = static_cast<protocol::CallEnd>(end)};
    const std::string text = tool_result(ended, true);
    EXPECT_EQ(check_json(text), JsonKind::kObject);
    EXPECT_NE(text.find("\"isError\":true"), std::string::npos);
    ended.explanation = "because";
    EXPECT_NE(tool_result(ended, true).find("Error: because."), std::string::npos);
  }
}

TEST(ToolResult, AnyJsonValueIsStructuredContentInTheModernEraOnly) {
  const std::string list =
      R"({"content":[{"type":"text","text":"[1, 2]"}],"isError":false,"_meta":{"execution":{"is_json":true}}})";
  EXPECT_EQ(result_of(list), list);
  EXPECT_TRUE(result_of(list, true).starts_with(R"({"structuredContent":[1, 2],"content":)"));
  const std::string liar =
      R"({"content":[{"type":"text","text":"[1"}],"_meta":{"execution":{"is_json":true}}})";
  EXPECT_EQ(result_of(liar, true), liar);
}

TEST(ToolResult, TheModernMarkIsSplicedInWhateverTheResultHas) {
  static loop::Loop loop;
  const base::Log log("test");
  Gateway g(loop, log);
  g.version = "1";
  const std::string info =
      R"("io.modelcontextprotocol/serverInfo":{"name":"mcpbox","title":"MCPbox","version":"1"})";
  const std::string head = R"({"resultType":"complete",)";
  EXPECT_EQ(modern_result(g, "{}", ""), head + R"("_meta":{)" + info + "}}");
  EXPECT_EQ(modern_result(g, R"({"a":1})", R"("ttlMs":0,)"),
            head + R"("ttlMs":0,"_meta":{)" + info + R"(},"a":1})");
  EXPECT_EQ(modern_result(g, R"({"a":1,"_meta":{}})", ""), head + R"("a":1,"_meta":{)" + info + "}}");
  EXPECT_EQ(modern_result(g, R"({"_meta": { "x":1},"a":1})", ""),
            head + R"("_meta": {)" + info + R"(, "x":1},"a":1})");
}

}  // namespace
}  // namespace mcpbox::gateway
