#include "gateway/manage_arguments.h"

#include <gtest/gtest.h>

namespace mcpbox::gateway {
namespace {

constexpr Argument kRows[] = {
    {"server_id", ArgumentType::kId, Presence::kRequired, 0, 0, "An id.", "Call mcpbox_list_servers."},
    {"name", ArgumentType::kName, Presence::kOptional, 1, 30, "A name.", "Choose another."},
    {"notes", ArgumentType::kText, Presence::kOptional, 0, 3, "Notes.", "Shorten it."},
    {"code", ArgumentType::kText, Presence::kOptional, 1, 9, "Code.", "Give code."},
    {"page", ArgumentType::kInteger, Presence::kOptional, 1, 100, "A page.", "Leave it out."},
    {"enabled", ArgumentType::kBoolean, Presence::kOptional, 0, 0, "A switch.", "Pass true or false."},
    {"arguments", ArgumentType::kObject, Presence::kOptional, 0, 0, "Arguments.", "Pass an object."},
};
constexpr const char* kId = R"("server_id":"123e4567-e89b-42d3-a456-426614174000")";

std::string problem(const std::string& members) {
  const Json given = parse_object("{" + members + "}");
  EXPECT_TRUE(given) << members;
  const std::optional<Problem> found = problem_with("mcpbox_x", kRows, given.get());
  return found ? found->text : "";
}
std::string with_id(const std::string& members) { return problem(std::string(kId) + "," + members); }

TEST(ManageArguments, WhatFitsIsTaken) {
  EXPECT_EQ(problem(kId), "");
  EXPECT_EQ(with_id(R"("name":"a_b","notes":"","code":"x","page":1,"enabled":false,"arguments":{})"), "");
}

TEST(ManageArguments, AnErrorNamesTheFieldTheRuleTheValueAndWhatToDo) {
  EXPECT_EQ(problem(""), "server_id is required by mcpbox_x. Call mcpbox_list_servers.");
  EXPECT_EQ(problem(R"("server_id":"x\u001b")"),
            "Invalid server_id: must be a UUID such as 123e4567-e89b-42d3-a456-426614174000; received "
            "\"x\\\\u001B\". Call "
            "mcpbox_list_servers.");
  EXPECT_EQ(
      with_id(R"("other":1)"),
      "Unknown argument `other`. mcpbox_x takes server_id, name, notes, code, page, enabled, arguments.");
}

TEST(ManageArguments, TextsAreCountedInCharacters) {
  EXPECT_EQ(with_id("\"notes\":\"\xc3\xbc\xc3\xbc\xc3\xbc\""), "");
  EXPECT_NE(with_id("\"notes\":\"\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\"").find("4 characters; the limit is 3"),
            std::string::npos);
  EXPECT_NE(with_id(R"("code":"")").find("must not be empty"), std::string::npos);
  EXPECT_NE(with_id(R"("notes":"\u0000")").find("NUL"), std::string::npos);
}

TEST(ManageArguments, EveryTypeIsHeldToItself) {
  for (const char* wrong :
       {"\"name\":7", "\"name\":\"Bad\"", "\"notes\":null", "\"page\":0", "\"page\":101", "\"page\":1.5",
        "\"page\":\"1\"", "\"page\":1e300", "\"enabled\":1", "\"arguments\":[]", "\"arguments\":\"x\""})
    EXPECT_FALSE(with_id(wrong).empty()) << wrong;
  for (const char* right : {"\"page\":1", "\"page\":2", "\"page\":99", "\"page\":100"})
    EXPECT_EQ(with_id(right), "") << right;
}

TEST(ManageArguments, TheSchemaSaysTheSame) {
  const Json schema = parse_object(schema_of(kRows));
  ASSERT_TRUE(schema);
  EXPECT_TRUE(json_is_false(json_object_get(schema.get(), "additionalProperties")));
  EXPECT_EQ(compact(json_object_get(schema.get(), "required")), "[\"server_id\"]");
  const json_t* page = json_object_get(json_object_get(schema.get(), "properties"), "page");
  EXPECT_EQ(compact(page), R"({"type":"integer","minimum":1,"maximum":100,"description":"A page."})");
}

}  // namespace
}  // namespace mcpbox::gateway
