#include "gateway/manage.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "gateway/manage_grants.h"

#include "privsep/http/json_check.h"

namespace mcpbox::gateway {
namespace {

TEST(Manage, EveryToolIsListedAsValidJson) {
  const std::string listing = "[" + manage_listing() + "]";
  ASSERT_EQ(check_json(listing), JsonKind::kArray);
  const Json tools = parse_value(listing);
  ASSERT_EQ(json_array_size(tools.get()), manage_tools().size() + authority_tools().size());
  std::set<std::string> names;
  for (std::size_t i = 0; i < json_array_size(tools.get()); ++i) {
    const json_t* tool = json_array_get(tools.get(), i);
    const std::string name(text_of(json_object_get(tool, "name")));
    EXPECT_TRUE(name.starts_with(kManagePrefix));
    EXPECT_TRUE(names.insert(name).second);
    EXPECT_NE(find_manage_tool(name), nullptr);
    EXPECT_GT(text_of(json_object_get(tool, "description")).size(), 100u) << name;
    EXPECT_NE(text_of(json_object_get(tool, "description")).find("ext: "), std::string_view::npos) << name;
    EXPECT_EQ(text_of(json_object_get(json_object_get(tool, "inputSchema"), "type")), "object") << name;
    EXPECT_EQ(text_of(json_object_get(json_object_get(tool, "outputSchema"), "type")), "object") << name;
    EXPECT_TRUE(json_is_boolean(json_object_get(json_object_get(tool, "annotations"), "readOnlyHint")));
  }
  EXPECT_EQ(find_manage_tool("mcpbox_approve"), nullptr) << "no tool of a language model's approves";
}

TEST(Manage, TheToolsHaveTheNamesOfTheContract) {
  for (const char* name : {"list_servers",         "get_server",
                           "create_server",        "delete_server",
                           "list_tools",           "get_tool",
                           "create_tool",          "update_tool",
                           "delete_tool",          "test_code",
                           "start_server",         "stop_server",
                           "validate_code",        "request_publish",
                           "get_tool_status",      "list_tool_versions",
                           "rollback_tool",        "list_pending_requests",
                           "get_tool_logs",        "get_server_modules",
                           "request_module",       "request_network_access",
                           "create_server_secret", "list_server_secrets"})
    EXPECT_NE(find_manage_tool(std::string(kManagePrefix) + name), nullptr) << name;
}

// A list is complete because it has pages.
TEST(Manage, EveryListHasPages) {
  std::vector<ManageTool> all(manage_tools().begin(), manage_tools().end());
  all.insert(all.end(), authority_tools().begin(), authority_tools().end());
  for (const ManageTool& tool : all) {
    const std::string_view name = tool.name;
    if (name.find("_list_") == std::string_view::npos && !name.ends_with("_logs") &&
        !name.ends_with("_modules") && name != "mcpbox_search_tools")
      continue;
    for (const std::string_view argument : {"page", "page_size"})
      EXPECT_TRUE(std::ranges::any_of(tool.arguments, [&](const Argument& a) { return argument == a.name; }))
          << name << ": " << argument;
    for (const char* member : {"total", "page", "page_size", "pages"})
      EXPECT_NE(std::string_view(tool.required).find(std::string("\"") + member + "\""),
                std::string_view::npos)
          << name << ": " << member;
  }
}

TEST(Manage, WhatIsRequiredOfAResultIsPromised) {
  const Json tools = parse_value("[" + manage_listing() + "]");
  for (std::size_t i = 0; i < json_array_size(tools.get()); ++i) {
    const json_t* tool = json_array_get(tools.get(), i);
    const json_t* promise = json_object_get(tool, "outputSchema");
    const json_t* required = json_object_get(promise, "required");
    for (std::size_t k = 0; k < json_array_size(required); ++k) {
      const std::string name(text_of(json_array_get(required, k)));
      EXPECT_NE(json_object_get(json_object_get(promise, "properties"), name.c_str()), nullptr)
          << text_of(json_object_get(tool, "name")) << ": " << name;
    }
  }
}

TEST(Manage, ReadingToolsSayThatTheyOnlyRead) {
  std::vector<ManageTool> all(manage_tools().begin(), manage_tools().end());
  all.insert(all.end(), authority_tools().begin(), authority_tools().end());
  for (const ManageTool& tool : all) {
    const std::string_view name = tool.name;
    const bool reads = name.find("list_") != std::string_view::npos ||
                       name.find("get_") != std::string_view::npos || name == "mcpbox_validate_code" ||
                       name == "mcpbox_search_tools";
    EXPECT_EQ((tool.hints & kReadOnly) != 0, reads) << name;
  }
}

TEST(Manage, AResultIsTheSameAsTextAndAsStructure) {
  Object out;
  out.boolean("success", true).text("name", "a\nb");
  const Json result = parse_object(managed_result({.structured = out.take()}));
  ASSERT_TRUE(result);
  EXPECT_EQ(json_object_get(result.get(), "isError"), nullptr);
  const json_t* text = json_object_get(json_array_get(json_object_get(result.get(), "content"), 0), "text");
  EXPECT_TRUE(
      json_equal(parse_object(text_of(text)).get(), json_object_get(result.get(), "structuredContent")));
  EXPECT_TRUE(text_of(text).starts_with("{\n  \"success\": true"));
}

TEST(Manage, AProblemIsAnErrorWithOneFullStop) {
  EXPECT_EQ(managed_result({.problem = "no"}),
            R"({"content":[{"type":"text","text":"Error: no."}],"isError":true})");
  EXPECT_EQ(failed({.why = base::Why::kNotFound, .text = "x"}, "Tool 1 not found.").problem,
            "Tool 1 not found.");
  EXPECT_EQ(failed({.why = base::Why::kBusy, .text = "wait"}, "Tool 1 not found.").problem, "wait");
  EXPECT_FALSE(failed({.why = base::Why::kBroken}).problem.empty());
}

}  // namespace
}  // namespace mcpbox::gateway
