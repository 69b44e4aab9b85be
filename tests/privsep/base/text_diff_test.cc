// Mirrors privsep/base/text_diff.cc.  Expected texts are diff(1)'s, without its two heading lines.
#include "privsep/base/text_diff.h"

#include <gtest/gtest.h>

namespace mcpbox::base {
namespace {

TEST(TextDiff, EqualTextsHaveNone) {
  EXPECT_EQ(unified_diff("", ""), "");
  EXPECT_EQ(unified_diff("a\nb\n", "a\nb\n"), "");
}

TEST(TextDiff, AChangeStandsAmongThreeLinesOnEachSide) {
  EXPECT_EQ(unified_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n"),
            "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}

TEST(TextDiff, ChangesFarApartAreHunksOfTheirOwn) {
  const std::string same = "1\n2\n3\n4\n5\n6\n7\n8\n";
  EXPECT_EQ(unified_diff("a\n" + same + "b\n", "A\n" + same + "B\n"),
            "@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -7,4 +7,4 @@\n 6\n 7\n 8\n-b\n+B\n");
}

TEST(TextDiff, FromAndToNothing) {
  EXPECT_EQ(unified_diff("", "a\n"), "@@ -0,0 +1 @@\n+a\n");
  EXPECT_EQ(unified_diff("a\n", ""), "@@ -1 +0,0 @@\n-a\n");
}

TEST(TextDiff, AMissingLineFeedAtTheEndIsADifference) {
  EXPECT_EQ(unified_diff("a\n", "a"), "@@ -1 +1 @@\n-a\n+a\n\\ No newline at end of file\n");
}

TEST(TextDiff, TextsThatHaveLittleInCommonAreShownWhole) {
  std::string before, after;
  for (int i = 0; i < 20'000; ++i) {
    before += "a" + std::to_string(i) + "\n";
    after += "b" + std::to_string(i) + "\n";
  }
  const std::string diff = unified_diff(before, after);
  EXPECT_TRUE(diff.starts_with("@@ -1,20000 +1,20000 @@\n-a0\n"));
  EXPECT_TRUE(diff.ends_with("+b19999\n"));
}

}  // namespace
}  // namespace mcpbox::base
