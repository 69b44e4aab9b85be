#include "privsep/http/json_check.h"

#include <gtest/gtest.h>

#include <string>

#include "policy/limits.h"

namespace mcpbox::http {
namespace {

std::string nested(std::size_t depth, const std::string& inside = "1") {
  std::string out;
  for (std::size_t i = 0; i < depth; ++i) out += i % 2 == 0 ? "[" : "{\"a\":";
  out += inside;
  for (std::size_t i = depth; i-- > 0;) out += i % 2 == 0 ? "]" : "}";
  return out;
}

TEST(JsonCheck, EveryKindOfValueIsRecognised) {
  EXPECT_EQ(check_json(R"({"a":[1,{"b":null}],"c":""})"), JsonKind::kObject);
  EXPECT_EQ(check_json(" [ ] "), JsonKind::kArray);
  EXPECT_EQ(check_json("{ }"), JsonKind::kObject);
  EXPECT_EQ(check_json(R"("\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00")"), JsonKind::kString);
  for (const char* number : {"0", "-0", "-1.5e+10", "1E-2", "123456789012345678901234567890", "1e999"})
    EXPECT_EQ(check_json(number), JsonKind::kNumber) << number;
  for (const char* word : {"true", "false", "null"}) EXPECT_EQ(check_json(word), JsonKind::kLiteral);
}

TEST(JsonCheck, WhatIsCutOffAnywhereIsRefused) {
  const std::string whole = R"({"a":[1.5e2,{"b":null,"c":"\u00e9x"},true],"d":-1})";
  ASSERT_TRUE(check_json(whole));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(check_json(whole.substr(0, size))) << size;
}

TEST(JsonCheck, WhatIsNotJsonIsRefused) {
  for (const char* text : {"",           " ",         "{]",    "[}",      "[1,]",
                           "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "01",      "-",
                           "1.",         ".5",        "1e",    "+1",      "NaN",
                           "tru",        "nulll",     "'a'",   "\"\\x\"", "\"\\u12g4\"",
                           "\"\x01\"",   "1 2",       "{} {}", "[1 2]",   "{\"a\":1 \"b\":2}",
                           "{1:2}",      "[,1]",      "\"a",   "\\",      "\xef\xbb\xbf{}"})
    EXPECT_FALSE(check_json(text, JsonUse::kRead)) << text;
}

TEST(JsonCheck, NestingIsTakenUpToItsLimitAndNoLevelFurther) {
  const std::size_t most = policy::limits::kJsonDepth;
  EXPECT_TRUE(check_json(nested(most - 1)));
  EXPECT_TRUE(check_json(nested(most)));
  EXPECT_FALSE(check_json(nested(most + 1)));
  EXPECT_TRUE(check_json(nested(most - 1, "{}")));
  EXPECT_FALSE(check_json(nested(most, "[]")));
  EXPECT_FALSE(check_json(std::string(1'000'000, '[')));
}

TEST(JsonCheck, BytesThatAreNotUtf8AreRefused) {
  for (const char* bytes :
       {"\"\xff\"", "\"\xc3\"", "\"\xc0\xaf\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\""})
    EXPECT_FALSE(check_json(bytes));
  EXPECT_TRUE(check_json("\"\xc3\xbc \xf0\x9f\x98\x80\""));
}

TEST(JsonCheck, LineBreaksAndHalfPairsAreForReadingOnly) {
  for (const char* text : {"{\n}", "[1,\r2]", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\u0041\""}) {
    EXPECT_FALSE(check_json(text)) << text;
    EXPECT_TRUE(check_json(text, JsonUse::kRead)) << text;
  }
  EXPECT_FALSE(check_json("\"a\nb\"", JsonUse::kRead)) << "never inside a string";
}

TEST(JsonCheck, AMemberIsFoundWithItsWholeValue) {
  const char* text = R"( {"a" : {"id":1} , "id" : [1, {"x":"]}"}] ,"z":2})";
  EXPECT_EQ(find_member(text, "id"), R"([1, {"x":"]}"}])");
  EXPECT_EQ(find_member(text, "a"), R"({"id":1})");
  EXPECT_EQ(find_member(text, "z"), "2");
  EXPECT_FALSE(find_member(text, "x"));
  EXPECT_FALSE(find_member("{}", "x"));
  EXPECT_FALSE(find_member("[1]", "x"));
}

}  // namespace
}  // namespace mcpbox::http
