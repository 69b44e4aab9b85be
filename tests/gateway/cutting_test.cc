// Mirrors gateway/cutting.cc.
#include "gateway/cutting.h"

#include <gmock/gmock.h>

#include "gateway/using_http.h"
#include "policy/limits.h"
#include "privsep/http/json.h"

namespace mcpbox::gateway {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
namespace limits = policy::limits;

std::string joined(const std::vector<std::string>& parts) {
  std::string whole;
  for (const std::string& part : parts) whole += part;
  return whole;
}

class CuttingTest : public testing::Test {
 public:
  base::SystemClock clock;
  KeptResults kept{clock};
  static std::string result(std::string_view text, std::string_view more = "") {
    return R"({"content":[{"type":"text","text":)" + http::quoted(text) + "}]" + std::string(more) + "}";
  }
  Json cut(const std::string& whole, std::size_t most, bool keep_structured = false) {
    return parse_object(
        cut_result(whole, {.most = most, .keep_structured = keep_structured}, "unix:alice", kept));
  }
  static std::string block(const Json& result, std::size_t at, const char* member) {
    return std::string(
        text_of(json_object_get(json_array_get(json_object_get(result.get(), "content"), at), member)));
  }
};

TEST(MostFor, OnlyClientsWhoseLimitIsKnownHaveOne) {
  EXPECT_EQ(most_for("claude-code/2.1"), limits::kClaudeCodeResultBytes);
  EXPECT_EQ(most_for("claude-code"), limits::kClaudeCodeResultBytes);
  EXPECT_EQ(most_for("claude-ai/0.1.0"), limits::kClaudeResultBytes);
  EXPECT_EQ(most_for("claude-codex/1"), 0U);
  EXPECT_EQ(most_for("my claude-code/1"), 0U);
  EXPECT_EQ(most_for(""), 0U);
}

TEST(InParts, WhatFitsIsOnePart) {
  EXPECT_THAT(in_parts("", 8), ElementsAre(""));
  EXPECT_THAT(in_parts("12345678", 8), ElementsAre("12345678"));
  EXPECT_THAT(in_parts("123456789", 8), ElementsAre("12345678", "9"));
}

TEST(InParts, ALineIsNotCutWhereItsEndIsNear) {
  EXPECT_THAT(in_parts("one two\nthree", 9), ElementsAre("one two\n", "three"));
  EXPECT_THAT(in_parts("1\n3456789012", 8), ElementsAre("1\n345678", "9012")) << "too little would be left";
}

TEST(InParts, ACharacterIsNeverCut) {
  const std::string text = "aß🙂🙂ß語語語語語🙂";
  for (std::size_t most = 4; most <= text.size(); ++most) {
    const std::vector<std::string> parts = in_parts(text, most);
    EXPECT_EQ(joined(parts), text);
    for (const std::string& part : parts) {
      EXPECT_LE(part.size(), most);
      EXPECT_NE(static_cast<unsigned char>(part.front()) & 0xc0, 0x80) << part;
    }
  }
}

TEST(InParts, WhatIsNoUtf8EndsToo) {
  const std::string text(100, '\x80');
  EXPECT_EQ(joined(in_parts(text, 8)), text);
}

TEST_F(CuttingTest, AShortResultStaysAsItIs) {
  const std::string whole = result("short", R"(,"structuredContent":{"a":1})");
  EXPECT_EQ(cut_result(whole, {.most = whole.size()}, "unix:alice", kept), whole);
  EXPECT_EQ(cut_result(whole, {.most = 0}, "unix:alice", kept), whole) << "no limit is known";
  EXPECT_EQ(kept.size(), 0U);
}

TEST_F(CuttingTest, ALongOneSaysWhereTheRestIsAndNothingIsLost) {
  std::string text;
  for (int i = 0; i < 2'000; ++i) text += "line " + std::to_string(i) + " ß\n";
  const Json small = cut(result(text, R"(,"_meta":{"mcpbox/callId":"x"},"isError":true)"), 8'000);
  EXPECT_LE(block(small, 0, "text").size(), 8'000U);
  EXPECT_THAT(block(small, 0, "text"), EndsWith("\n"));
  EXPECT_THAT(block(small, 1, "text"), HasSubstr(" of " + std::to_string(text.size()) + " bytes"));
  EXPECT_EQ(block(small, 2, "type"), "resource_link");
  EXPECT_TRUE(json_is_true(json_object_get(small.get(), "isError")));
  EXPECT_NE(json_object_get(json_object_get(small.get(), "_meta"), "mcpbox/callId"), nullptr);

  std::string all = block(small, 0, "text");
  std::string uri = block(small, 2, "uri");
  EXPECT_THAT(block(small, 1, "text"), HasSubstr(uri));
  while (!uri.empty()) {
    std::optional<std::string> part = kept.read("unix:alice", uri);
    ASSERT_TRUE(part) << uri;
    const std::size_t note = part->rfind("\n[MCPbox: ");
    uri.clear();
    if (note != std::string::npos) {
      const std::size_t from = part->find("mcpbox://", note);
      uri = part->substr(from, part->rfind(']') - from);
      part->resize(note);
    }
    all += *part;
  }
  EXPECT_EQ(all, text);
}

TEST_F(CuttingTest, OtherBlocksStay) {
  const std::string whole = R"({"content":[{"type":"image","data":"AAAA","mimeType":"image/png"},)"
                            R"({"type":"text","text":)" +
                            http::quoted(std::string(100, 'x')) + R"(},{"type":"text","text":"end"}]})";
  const Json small = cut(whole, 64);
  EXPECT_EQ(block(small, 0, "text"), std::string(64, 'x'));
  EXPECT_EQ(block(small, 3, "data"), "AAAA");
  EXPECT_EQ(json_array_size(json_object_get(small.get(), "content")), 4U);
  EXPECT_EQ(kept.read("unix:alice", block(small, 2, "uri")), std::string(36, 'x') + "end");
}

TEST_F(CuttingTest, WhatTheToolDeclaresStaysAndWhatItDoesNotGoes) {
  const std::string whole = result(std::string(100, 'x'), R"(,"structuredContent":{"a":1})");
  EXPECT_EQ(json_object_get(cut(whole, 64).get(), "structuredContent"), nullptr);
  EXPECT_NE(json_object_get(cut(whole, 64, true).get(), "structuredContent"), nullptr);
  const std::string twice =
      result(std::string(50, 'x'), R"(,"structuredContent":{"a":")" + std::string(50, 'x') + "\"}");
  const Json once = cut(twice, 64);
  EXPECT_EQ(block(once, 0, "text"), std::string(50, 'x')) << "without its twin it fits";
  EXPECT_EQ(json_object_get(once.get(), "structuredContent"), nullptr);
}

}  // namespace
}  // namespace mcpbox::gateway
