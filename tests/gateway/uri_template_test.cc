// Mirrors gateway/uri_template.cc.
#include "gateway/uri_template.h"

#include <gtest/gtest.h>

namespace mcpbox::gateway {
namespace {

TEST(UriTemplate, EachPartIsOneValueWithoutReservedCharacters) {
  EXPECT_TRUE(template_matches("test://template/{id}/data", "test://template/123/data"));
  EXPECT_TRUE(template_matches("notes://{day}", "notes://2026-01-02"));
  EXPECT_TRUE(template_matches("notes://{day}", "notes://a%2Fb"));
  EXPECT_TRUE(template_matches("a://{x}.txt", "a://b.c.txt"));
  EXPECT_TRUE(template_matches("a://{x}/{y}", "a://1/2"));
  EXPECT_TRUE(template_matches("a://b", "a://b"));
}

TEST(UriTemplate, EverythingElseIsAnotherUri) {
  for (const char* uri : {"", "test://template//data", "test://template/1/2/data", "test://template/1/dat",
                          "test://template/1/data/", "TEST://template/1/data", "test://template/a b/data",
                          "test://template/\xc3\xa9/data"})
    EXPECT_FALSE(template_matches("test://template/{id}/data", uri)) << uri;
  EXPECT_FALSE(template_matches("a://{x}", "a://"));
  EXPECT_FALSE(template_matches("a://b", "a://bc"));
  EXPECT_FALSE(template_matches("a://{x}/{y}", "a://1/"));
  EXPECT_FALSE(template_matches("a://{broken", "a://1")) << "an open brace is no part";
}

}  // namespace
}  // namespace mcpbox::gateway
