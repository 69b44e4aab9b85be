// Mirrors admin/ctl/tool_text.cc.
#include "admin/ctl/tool_text.h"

#include <gmock/gmock.h>

namespace mcpbox::ctl {
namespace {

using testing::HasSubstr;
using testing::Not;

protocol::ToolDetail greeting() {
  protocol::ToolDetail tool;
  tool.server = "srv";
  tool.name = "greet";
  tool.description = "Says hello";
  tool.code = "async def main(name: str):\n    return name\n";
  tool.input_schema = R"({"type":"object"})";
  tool.timeout_ms = tool.effective_timeout_ms = 30'000;
  tool.version = 3;
  tool.enabled = true;
  tool.approval = protocol::Approval::kPendingReview;
  tool.digest.fill(0xab);
  tool.created_by = "unix:alice";
  tool.analysis =
      R"({"findings": [{"severity": "low", "rule": "r", "line": 2, "text": "look"}], "hosts": []})";
  return tool;
}

TEST(ToolText, ShowsTheWholeToolWithLineNumbersAndItsDigest) {
  const std::string text = tool_text(greeting());
  EXPECT_THAT(text, HasSubstr("Tool         srv__greet\n"));
  EXPECT_THAT(text, HasSubstr("     1 | async def main(name: str):\n     2 |     return name\n"));
  EXPECT_THAT(text, HasSubstr("  | Says hello\n"));
  EXPECT_THAT(text, HasSubstr("  ! low, line 2: look (r)\n"));
  EXPECT_THAT(text, HasSubstr("  |   \"type\": \"object\"\n"));
  EXPECT_THAT(text, HasSubstr("  abababab abababab abababab abababab abababab abababab abababab abababab\n"));
  EXPECT_THAT(text, Not(HasSubstr("CAUTION")));
}

TEST(ToolText, ShowsWhateverElseAnApprovalBindsAndNothingThatIsNotThere) {
  protocol::ToolDetail tool = greeting();
  EXPECT_THAT(tool_text(tool), Not(HasSubstr("Icons")));
  tool.kind = protocol::Kind::kResourceTemplate;
  tool.uri_template = "notes://{day}\u202e";
  tool.output_schema = R"({"type":"array"})";
  tool.annotations = R"({"title":"see \u202e"})";
  tool.icons = R"([{"src":"https://icons"}])";
  tool.headers = R"({"region":"Region"})";
  tool.timeout_ms = 0;
  const std::string text = tool_text(tool);
  EXPECT_THAT(text, HasSubstr("Kind         resource_template\n"));
  EXPECT_THAT(text, HasSubstr("30000 ms, its server's default\n"));
  EXPECT_THAT(text, HasSubstr("  | notes://{day}\\u{202e}\n"));
  for (const char* shown : {"\"array\"", "see \\u{202e}", "https://icons", "\"Region\""})
    EXPECT_THAT(text, HasSubstr(shown));
}

TEST(ToolText, SaysWhatAnApprovalLetsItReachAndWhatIsNewInThat) {
  protocol::ToolDetail tool = greeting();
  EXPECT_THAT(tool_text(tool), HasSubstr("May reach    nothing but its arguments"));
  tool.capabilities = "host a.example:443\nmodule yaml\n";
  EXPECT_THAT(tool_text(tool), HasSubstr("    host a.example:443\n    module yaml\n"));
  tool.capabilities_before.emplace("module json\nmodule yaml\n");
  EXPECT_THAT(tool_text(tool), HasSubstr("  + host a.example:443\n    module yaml\n  - module json\n"));
  const std::string json = json_text(tool_json(tool).get());
  EXPECT_THAT(json, HasSubstr("\"capabilities\": [\n    \"host a.example:443\",\n    \"module yaml\"\n  ]"));
  EXPECT_THAT(json, HasSubstr("\"added\": [\n      \"host a.example:443\"\n    ]"));
  EXPECT_THAT(json, HasSubstr("\"removed\": [\n      \"module json\"\n    ]"));
}

TEST(ToolText, AMissingAnalysisIsACaution) {
  protocol::ToolDetail tool = greeting();
  tool.analysis = "";
  EXPECT_THAT(tool_text(tool), HasSubstr("CAUTION: the code could not be analysed"));
}

TEST(ToolText, NoLineOfTheAuthorCanPassForOneOfOurs) {
  protocol::ToolDetail tool = greeting();
  tool.description = "fine\nDigest of all of the above but the notes\n  00000000";
  tool.notes = "please approve\nTool         other__tool";
  tool.code = "x = 1\nTool         other__tool";
  const std::string text = tool_text(tool);
  EXPECT_THAT(text, HasSubstr("  | Digest of all of the above"));
  EXPECT_THAT(text, HasSubstr("  ? please approve\n  ? Tool         other__tool\n"));
  EXPECT_THAT(text, HasSubstr("     2 | Tool         other__tool\n"));
  EXPECT_THAT(text, Not(HasSubstr("\nTool         other__tool")));
}

TEST(ToolText, HiddenAndForeignCharactersAreShownAndSaid) {
  protocol::ToolDetail tool = greeting();
  tool.code = "x = 'a\u202eb'\r\x1b[2K\n";
  const std::string text = tool_text(tool);
  EXPECT_THAT(text, HasSubstr("     1 | x = 'a\\u{202e}b'\\x0d\\x1b[2K\n"));
  EXPECT_THAT(text, HasSubstr("CAUTION: the code contains control or invisible characters"));
  EXPECT_THAT(text, HasSubstr("CAUTION: the code contains characters other than ASCII"));
}

TEST(ToolText, AVeryLongLineIsSaid) {
  protocol::ToolDetail tool = greeting();
  tool.code = "x = 1" + std::string(400, ' ') + "; evil()\n";
  EXPECT_THAT(tool_text(tool), HasSubstr("CAUTION: the longest line has 413 columns"));
}

TEST(ToolText, ASchemaThatIsNotJsonIsSaid) {
  protocol::ToolDetail tool = greeting();
  tool.input_schema = "\x1b[31m{";
  EXPECT_THAT(tool_text(tool), HasSubstr("CAUTION: this is not JSON\n  | \\x1b[31m{\n"));
}

TEST(ToolJson, HasEverythingForAScript) {
  const Json json = tool_json(greeting());
  const std::string digest = json_string_value(json_object_get(json.get(), "digest"));
  EXPECT_EQ(digest, hex_of(greeting().digest));
  EXPECT_TRUE(json_is_object(json_object_get(json.get(), "input_schema")));
}

TEST(Digest, GoesToHexAndBack) {
  wire::Digest digest{};
  for (std::size_t i = 0; i < digest.size(); ++i) digest[i] = static_cast<unsigned char>(7 * i);
  EXPECT_EQ(hex_of(digest).substr(0, 8), "00070e15");
  EXPECT_EQ(digest_from(hex_of(digest)), digest);
}

}  // namespace
}  // namespace mcpbox::ctl
