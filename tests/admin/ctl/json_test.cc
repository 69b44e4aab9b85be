// Mirrors admin/ctl/json.cc.
#include "admin/ctl/json.h"

#include <gtest/gtest.h>

#include "policy/limits.h"

namespace mcpbox::ctl {
namespace {

std::string nested(std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); }

TEST(Json, TakesOneValueOfBoundedDepth) {
  EXPECT_TRUE(parse_json("{\"a\": [1, 2]}"));
  EXPECT_TRUE(parse_json(nested(policy::limits::kJsonDepth)));
  EXPECT_FALSE(parse_json(nested(policy::limits::kJsonDepth + 1)));
  EXPECT_FALSE(parse_json(nested(100'000)));
}

TEST(Json, RefusesWhatIsNotExactlyOneValue) {
  for (const char* text : {"", "{", "{} {}", "{\"a\":1,\"a\":2}", "[1,]", "nul", "\"\xff\"", "\"\\ud800\""})
    EXPECT_FALSE(parse_json(text)) << text;
}

TEST(JsonText, IsPrintableAsciiWhateverItHolds) {
  const Json json = Object().text("t", "\x1b[31m\n\x7f\u200b\u65e5").take();
  const std::string text = json_text(json.get());
  EXPECT_EQ(text, "{\n  \"t\": \"\\u001B[31m\\n\\u007F\\u200B\\u65E5\"\n}\n");
}

TEST(JsonOf, TextThatIsNotUtf8BecomesVisible) {
  const Json json = json_of("a\xff");
  ASSERT_TRUE(json);
  EXPECT_STREQ(json_string_value(json.get()), "a\\xff");
}

TEST(CellOf, IsOneTextForEveryKindOfValue) {
  const Json row = parse_json(R"({"s":"x","n":12,"t":true,"f":false,"z":null,"o":{"a":[1]}})");
  EXPECT_EQ(cell_of(row.get(), "s"), "x");
  EXPECT_EQ(cell_of(row.get(), "n"), "12");
  EXPECT_EQ(cell_of(row.get(), "t"), "yes");
  EXPECT_EQ(cell_of(row.get(), "f"), "no");
  EXPECT_EQ(cell_of(row.get(), "z"), "");
  EXPECT_EQ(cell_of(row.get(), "absent"), "");
  EXPECT_EQ(cell_of(row.get(), "o"), "{\"a\":[1]}");
}

TEST(RowsOf, AreFoundOrMissed) {
  const Json array = parse_json("[1,2]");
  EXPECT_EQ(rows_of(array.get()), array.get());
  const Json object = parse_json(R"({"total":1,"logs":[{"a":1}]})");
  EXPECT_EQ(json_array_size(rows_of(object.get())), 1U);
  const Json none = parse_json(R"({"total":1})");
  EXPECT_EQ(rows_of(none.get()), nullptr);
}

}  // namespace
}  // namespace mcpbox::ctl
