// Mirrors gateway/param_headers.cc.
#include "gateway/param_headers.h"

#include <gtest/gtest.h>

namespace mcpbox::gateway {
namespace {

constexpr std::string_view kSchema = R"({"type":"object","properties":{
  "region":{"type":"string","x-mcp-header":"Region"},
  "level":{"type":"integer","x-mcp-header":"Level"},
  "dry":{"type":"boolean","x-mcp-header":"Dry-Run"},
  "other":{"type":"string"},
  "target":{"type":"object","properties":{"zone":{"type":"string","x-mcp-header":"Zone"}}}}})";

// The problem of a call of kSchema's tool; empty when there is none.
std::string problem(std::initializer_list<std::pair<const char*, const char*>> sent,
                    std::string_view arguments) {
  Headers headers;
  for (const auto& [name, value] : sent) headers.add(name, value);
  const Json object = parse_object(arguments);
  return header_problem(param_headers(kSchema), headers, object.get()).value_or("");
}

TEST(ParamHeaders, AreFoundWherePropertiesLeadToThem) {
  const std::vector<ParamHeader> found = param_headers(kSchema);
  ASSERT_EQ(found.size(), 4u);
  EXPECT_EQ(found[3].header, "Zone");
  EXPECT_EQ(found[3].path, (std::vector<std::string>{"target", "zone"}));
}

TEST(ParamHeaders, OfAToolThatClientsMustDropAreNone) {
  for (const char* property :
       {R"("a":{"type":"number","x-mcp-header":"A"})", R"("a":{"type":"string","x-mcp-header":""})",
        R"("a":{"type":"string","x-mcp-header":"a b"})", R"("a":{"type":"string","x-mcp-header":7})",
        R"("a":{"x-mcp-header":"A"})",
        R"("a":{"type":"string","x-mcp-header":"A"},"b":{"type":"string","x-mcp-header":"a"})"})
    EXPECT_TRUE(param_headers(R"({"properties":{)" + std::string(property) + "}}").empty()) << property;
  EXPECT_TRUE(param_headers("no JSON, but x-mcp-header").empty());
  EXPECT_TRUE(
      param_headers(R"({"items":{"properties":{"a":{"type":"string","x-mcp-header":"A"}}}})").empty());
}

TEST(ParamHeaders, SayWhatTheBodySays) {
  EXPECT_EQ(problem({}, "{}"), "");
  EXPECT_EQ(problem({}, R"({"region":null,"other":"x"})"), "");
  EXPECT_EQ(problem({{"mcp-param-region", " eu "}}, R"({"region":"eu"})"), "");
  EXPECT_EQ(problem({{"Mcp-Param-Region", "=?base64?SGVsbG8=?="}}, R"({"region":"Hello"})"), "");
  EXPECT_EQ(problem({{"Mcp-Param-Region", "=?base64?SGVsbG8="}}, R"({"region":"=?base64?SGVsbG8="})"), "");
  EXPECT_EQ(problem({{"Mcp-Param-Level", "42.0"}}, R"({"level":42})"), "");
  EXPECT_EQ(problem({{"Mcp-Param-Level", "9223372036854775807"}}, R"({"level":9223372036854775807})"), "");
  EXPECT_EQ(problem({{"Mcp-Param-Dry-Run", "true"}}, R"({"dry":true})"), "");
  EXPECT_EQ(problem({{"Mcp-Param-Zone", "a"}}, R"({"target":{"zone":"a"}})"), "");
  EXPECT_EQ(problem({{"Mcp-Param-Unknown", "x"}}, "{}"), "") << "nobody asked for it";
}

TEST(ParamHeaders, ThatSaySomethingElseAreAProblem) {
  EXPECT_NE(problem({}, R"({"region":"eu"})").find("missing"), std::string::npos);
  for (const char* text : {"us", "EU", "\"eu\"", "", "=?base64?SGVsbG8?=", "=?base64?SGVs!!!bG8=?="})
    EXPECT_NE(problem({{"Mcp-Param-Region", text}}, R"({"region":"eu"})"), "") << text;
  EXPECT_NE(problem({{"Mcp-Param-Region", "=?base64?SGVsbG8?="}}, R"({"region":"Hello"})"), "")
      << "no padding";
  EXPECT_NE(problem({{"Mcp-Param-Region", "eu"}}, "{}"), "") << "the body does not say it";
  EXPECT_NE(problem({{"Mcp-Param-Region", "eu"}, {"Mcp-Param-Region", "us"}}, R"({"region":"eu"})"), "");
  for (const char* text : {"43", "42x", "", "0x2a", "nan"})
    EXPECT_NE(problem({{"Mcp-Param-Level", text}}, R"({"level":42})"), "") << text;
  EXPECT_NE(problem({{"Mcp-Param-Level", "9007199254740993"}}, R"({"level":9007199254740992})"), "")
      << "as doubles they would be the same";
  for (const char* text : {"True", "1", "false"})
    EXPECT_NE(problem({{"Mcp-Param-Dry-Run", text}}, R"({"dry":true})"), "") << text;
  EXPECT_NE(problem({{"Mcp-Param-Region", "x"}}, R"({"region":["x"]})"), "");
}

TEST(ParamHeaders, AreForgottenWhenToolsChangeAlsoWhileTheyAreAskedFor) {
  ParamHeaders known;
  const std::uint64_t before = known.age();
  known.keep("demo", {}, before);
  EXPECT_NE(known.find("demo"), nullptr);
  known.forget();
  EXPECT_EQ(known.find("demo"), nullptr);
  known.keep("demo", {}, before);
  EXPECT_EQ(known.find("demo"), nullptr) << "what was read before the change is old";
}

}  // namespace
}  // namespace mcpbox::gateway
