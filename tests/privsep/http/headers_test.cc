#include "privsep/http/headers.h"

#include <gtest/gtest.h>

namespace mcpbox::http {
namespace {

TEST(Headers, NamesIgnoreCaseAndValuesLoseTheSpaceAroundThem) {
  Headers headers;
  headers.add("Mcp-METHOD", " \ttools/list\t ");
  EXPECT_EQ(headers.find("mcp-method"), "tools/list");
  EXPECT_FALSE(headers.find("mcp-name"));
  EXPECT_EQ(headers.count("MCP-Method"), 1u);
  headers.add("Accept", "a");
  headers.add("accept", "b");
  EXPECT_EQ(headers.joined("Accept"), "a,b");
  EXPECT_EQ(headers.first_with_prefix("mcp-"), "mcp-method");
  EXPECT_EQ(headers.first_with_prefix("cf-"), "");
}

TEST(Headers, AcceptTakesNamesAndWildcardsButNotWhatHasNoWeight) {
  for (const char* accept :
       {"application/json", "text/html, application/json;q=0.5", "*/*", "application/*", "APPLICATION/JSON"})
    EXPECT_TRUE(accepts(accept, "application/json")) << accept;
  for (const char* accept :
       {"", "text/html", "application/json;q=0", "application/json; q=0.0", "application", "*", "text/*"})
    EXPECT_FALSE(accepts(accept, "application/json")) << accept;
}

TEST(Headers, JsonIsJsonWithWhateverParameters) {
  EXPECT_TRUE(is_json_type("application/json"));
  EXPECT_TRUE(is_json_type(" Application/JSON ; charset=utf-8"));
  EXPECT_FALSE(is_json_type("text/plain"));
  EXPECT_FALSE(is_json_type(""));
  EXPECT_FALSE(is_json_type("application/json-patch"));
}

}  // namespace
}  // namespace mcpbox::http
