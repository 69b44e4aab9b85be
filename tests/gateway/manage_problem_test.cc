// Mirrors gateway/manage_problem.cc, and the parts of what problem_with() finds, over the tables of all
// tools.
#include "gateway/manage_problem.h"

#include <gtest/gtest.h>

#include "gateway/manage.h"
#include "gateway/manage_grants.h"

namespace mcpbox::gateway {
namespace {

using base::Why;

constexpr Argument kRows[] = {
    {"tool_id", ArgumentType::kId, Presence::kRequired, 0, 0, "An id.", "Call mcpbox_list_tools."},
    {"version", ArgumentType::kInteger, Presence::kOptional, 1, 9, "A version.", "Another."},
};

Problem told(const char* sentence, Why why = Why::kConflict, const char* given = R"({"version":7})") {
  const Json object = parse_object(given);
  return problem_of("mcpbox_x", kRows, Arguments(object.get()), why, sentence);
}

TEST(ManageProblem, ASentenceIsTakenApart) {
  const Problem problem = told("version does not exist: see mcpbox_list_tool_versions for others");
  EXPECT_EQ(problem.code, "conflict");
  EXPECT_EQ(problem.field, "version");
  EXPECT_EQ(problem.rule, "version does not exist");
  EXPECT_EQ(problem.received, "7");
  EXPECT_EQ(problem.next, "mcpbox_list_tool_versions");
}

TEST(ManageProblem, TheRuleIsTheSentenceWithoutItsFieldAndItsAdvice) {
  EXPECT_EQ(told("Invalid version: must be even, such as a.b. See mcpbox_y").rule,
            "must be even, such as a.b");
  EXPECT_EQ(told("host a.example:443 was asked for already. Wait").rule,
            "host a.example:443 was asked for already. Wait");
  EXPECT_EQ(told("version is gone; nothing was done").rule, "version is gone");
}

TEST(ManageProblem, WithoutAnArgumentOfItsOwnItIsAboutTheIdUnlessAnotherTimeWouldDo) {
  const char* given = R"({"tool_id":"1","version":7})";
  EXPECT_EQ(told("it runs already", Why::kConflict, given).field, "tool_id");
  EXPECT_EQ(told("it runs already", Why::kConflict, given).received, "\"1\"");
  EXPECT_EQ(told("too many run", Why::kBusy, given).field, "");
  const Json object = parse_object(given);
  EXPECT_EQ(problem_of("mcpbox_x", kRows, Arguments(object.get()), Why::kInvalid, "no", "version").field,
            "version");
}

TEST(ManageProblem, WhatASentenceDoesNotSayIsLeftOut) {
  const Problem problem = told("conversion of tool_ids is impossible", Why::kBroken);
  EXPECT_EQ(problem.field, "") << "neither word is an argument's name";
  EXPECT_EQ(problem.next, "mcpbox_x") << "the same tool again";
  EXPECT_EQ(details_of(problem),
            R"({"code":"unavailable","rule":"conversion of tool_ids is impossible","next":"mcpbox_x"})");
}

TEST(ManageProblem, WhatWasReceivedIsShortAndVisible) {
  const std::string given = R"({"version":")" + std::string(500, 'x') + "\\u001b\"}";
  const Problem problem = told("version is wrong", Why::kInvalid, given.c_str());
  EXPECT_LE(problem.received.size(), 63u);
  EXPECT_EQ(problem.received.find('\x1b'), std::string::npos);
}

TEST(ManageProblem, TheResultSaysItTwice) {
  const Json result = parse_object(problem_result(told("no: see mcpbox_y")));
  ASSERT_TRUE(result);
  EXPECT_TRUE(json_is_true(json_object_get(result.get(), "isError")));
  const json_t* error = json_object_get(json_object_get(result.get(), "_meta"), "error");
  EXPECT_EQ(text_of(json_object_get(error, "next")), "mcpbox_y");
}

TEST(ManageProblem, EveryReasonHasACode) {
  for (int why = 1; why <= static_cast<int>(Why::kBroken); ++why)
    EXPECT_NE(std::string_view(code_of(static_cast<Why>(why))), "") << why;
}

// What no argument of any tool may be.
TEST(ManageProblem, EveryArgumentOfEveryToolNamesItsRuleAndAToolThatIsThere) {
  std::size_t tried = 0;
  for (const auto tools : {manage_tools(), authority_tools()})
    for (const ManageTool& tool : tools)
      for (const Argument& row : tool.arguments)
        for (const char* wrong : {"1.5", "\"\\u0001\\u0000\"", "[[]]", "{}", "-1", "false"}) {
          Json given(json_object());
          Json value = parse_value(wrong);
          ASSERT_TRUE(value) << wrong;
          json_object_set_new(given.get(), row.name, value.release());
          const std::span<const Argument> only(&row, 1);
          const std::optional<Problem> problem = problem_with(tool.name, only, given.get());
          if (!problem) continue;
          ++tried;
          EXPECT_EQ(problem->code, "invalid_argument");
          EXPECT_EQ(problem->field, row.name);
          EXPECT_NE(problem->rule, "") << tool.name << "." << row.name << " = " << wrong;
          EXPECT_NE(problem->received, "");
          EXPECT_NE(find_manage_tool(problem->next), nullptr) << problem->next;
          EXPECT_NE(problem->text.find(problem->rule), std::string::npos);
        }
  EXPECT_GT(tried, 200u);
}

}  // namespace
}  // namespace mcpbox::gateway
