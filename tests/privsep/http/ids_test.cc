#include "privsep/http/ids.h"

#include <gtest/gtest.h>

namespace mcpbox::http {
namespace {

TEST(Ids, TextAndBytesAreTheSame) {
  const std::string text = "123e4567-e89b-42d3-a456-426614174000";
  const auto id = id_of(text);
  ASSERT_TRUE(id);
  EXPECT_EQ(text_of(*id), text);
  EXPECT_EQ(id_of("123E4567-E89B-42D3-A456-426614174000"), id);
  EXPECT_NE(random_id(), random_id());
}

TEST(Ids, AnythingElseIsNone) {
  for (const char* text : {"", "x", "123e4567e89b42d3a456426614174000", "123e4567-e89b-42d3-a456-42661417400",
                           "123e4567-e89b-42d3-a456-4266141740000", "123g4567-e89b-42d3-a456-426614174000",
                           "123e4567xe89b-42d3-a456-426614174000"})
    EXPECT_FALSE(id_of(text)) << text;
}

TEST(Ids, TextIsCutBetweenCharactersAndLosesItsControls) {
  EXPECT_EQ(fitting("abc", 3), "abc");
  EXPECT_EQ(fitting("abc", 2), "ab");
  EXPECT_EQ(fitting("a\xc3\xbc", 2), "a");
  EXPECT_EQ(fitting(std::string_view("a\0\x1b\x7f", 4), 9), "a???");
  EXPECT_EQ(sentence("so"), "so.");
  EXPECT_EQ(sentence("so."), "so.");
}

}  // namespace
}  // namespace mcpbox::http
