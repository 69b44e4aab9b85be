// Mirrors policy/names.h.
#include "policy/names.h"

#include <gtest/gtest.h>

#include <string>

namespace mcpbox::policy {
namespace {

TEST(Names, AreLowerCaseLettersDigitsAndSingleUnderscores) {
  for (const char* name : {"a", "greet", "get_weather_2", "a_b_c", "x9"}) {
    EXPECT_EQ(tool_name_problem(name), NameProblem::kNone) << name;
    EXPECT_EQ(server_name_problem(name), NameProblem::kNone) << name;
  }
}

TEST(Names, AreAsLongAsTheirBoundAndNotOneMore) {
  EXPECT_EQ(tool_name_problem(std::string(limits::kNameBytes - 1, 'a')), NameProblem::kNone);
  EXPECT_EQ(tool_name_problem(std::string(limits::kNameBytes, 'a')), NameProblem::kNone);
  EXPECT_EQ(tool_name_problem(std::string(limits::kNameBytes + 1, 'a')), NameProblem::kTooLong);
}

TEST(Names, SayWhichRuleTheyBreakFirst) {
  struct Case {
    std::string_view name;
    NameProblem problem;
  };
  using namespace std::string_view_literals;
  for (const Case& one :
       {Case{"", NameProblem::kEmpty}, Case{"9a", NameProblem::kFirstCharacter},
        Case{"_a", NameProblem::kFirstCharacter}, Case{"A", NameProblem::kFirstCharacter},
        Case{"aB", NameProblem::kCharacter}, Case{"a-b", NameProblem::kCharacter},
        Case{"a b", NameProblem::kCharacter}, Case{"a\0b"sv, NameProblem::kCharacter},
        Case{"a\u00e4", NameProblem::kCharacter}, Case{"a\n", NameProblem::kCharacter},
        Case{"a__b", NameProblem::kDoubleUnderscore}, Case{"a__", NameProblem::kDoubleUnderscore},
        Case{"a_", NameProblem::kTrailingUnderscore}})
    EXPECT_EQ(tool_name_problem(one.name), one.problem) << one.name;
}

TEST(Names, OfServersDoNotLookLikeTheProductsOwn) {
  EXPECT_EQ(server_name_problem("mcpbox"), NameProblem::kReserved);
  EXPECT_EQ(server_name_problem("mcpbox_tools"), NameProblem::kReserved);
  EXPECT_EQ(server_name_problem("mcpboxes"), NameProblem::kNone);
  EXPECT_EQ(server_name_problem("my_mcpbox"), NameProblem::kNone);
  EXPECT_EQ(tool_name_problem("mcpbox"), NameProblem::kNone) << "a tool's name comes after its server's";
}

TEST(Names, EveryProblemHasItsOwnReason) {
  for (int one = 0; one <= static_cast<int>(NameProblem::kJoinedTooLong); ++one)
    for (int other = 0; other <= static_cast<int>(NameProblem::kJoinedTooLong); ++other)
      EXPECT_EQ(std::string_view(reason_of(NameProblem(one))) == reason_of(NameProblem(other)), one == other);
}

TEST(PublishedNames, AreTakenApartInOneWay) {
  const std::optional<PublishedName> parts = split_published_name("my_server__get_it");
  ASSERT_TRUE(parts);
  EXPECT_EQ(parts->server, "my_server");
  EXPECT_EQ(parts->tool, "get_it");
}

TEST(PublishedNames, AreAsLongAsClientsTake) {
  constexpr std::size_t kRest = limits::kPublishedNameBytes - limits::kNameBytes - 2;
  const std::string server(kRest, 's');
  const std::string tool(limits::kNameBytes, 't');
  EXPECT_EQ(joined_name_problem(server, tool), NameProblem::kNone);
  EXPECT_TRUE(split_published_name(server + "__" + tool));
  EXPECT_TRUE(split_published_name(tool + "__" + server));
  EXPECT_EQ(joined_name_problem(server + "s", tool), NameProblem::kJoinedTooLong);
  EXPECT_FALSE(split_published_name(server + "s__" + tool));
}

TEST(PublishedNames, ThatAreNotTwoNamesAreNothing) {
  for (const char* name : {"", "srv", "srv_tool", "__tool", "srv__", "srv___tool", "a__b__c", "Srv__tool",
                           "srv__Tool", "mcpbox__tool", "mcpbox_x__tool"})
    EXPECT_FALSE(split_published_name(name)) << name;
}

}  // namespace
}  // namespace mcpbox::policy
