#include "gateway/routes.h"

#include <gtest/gtest.h>

#include "policy/limits.h"

namespace mcpbox::gateway {
namespace {

TEST(Routes, ANameStandsForAServersNameOnly) {
  EXPECT_EQ(match("/mcp", "/mcp"), "");
  EXPECT_FALSE(match("/mcp", "/mcp/"));
  EXPECT_EQ(match("/mcp/servers/NAME", "/mcp/servers/weather"), "weather");
  for (const char* path :
       {"/mcp/servers/", "/mcp/servers", "/mcp/servers/NAME/x", "/mcp/servers/Weather", "/mcp/servers/a__b",
        "/mcp/servers/mcpbox", "/mcp/servers/%77", "/mcp/servers/../mcp", "/x"})
    EXPECT_FALSE(match("/mcp/servers/NAME", path)) << path;
  EXPECT_FALSE(
      match("/mcp/servers/NAME", "/mcp/servers/" + std::string(policy::limits::kNameBytes + 1, 'a')));
}

TEST(Routes, OnlyHealthIsForEverybodyAndOnlyMessagesHaveABody) {
  for (const Route& route : routes()) {
    EXPECT_EQ(route.needs == Needs::kNothing, route.path == "/health") << route.path;
    EXPECT_EQ(route.body > 0, route.method == Method::kPost) << route.path;
  }
}

}  // namespace
}  // namespace mcpbox::gateway
