// Mirrors privsep/base/visible.cc.
#include "privsep/base/visible.h"

#include <gtest/gtest.h>

#include <random>

namespace mcpbox::base {
namespace {

using namespace std::string_view_literals;

TEST(Visible, LeavesPrintableTextAsItIs) {
  for (const std::string_view text :
       {"", "plain text 123 ~!@", "\u00e4\u65e5\u672c\u8a9e \u03b1", "\U0001f600"})
    EXPECT_EQ(visible(text), text);
}

TEST(Visible, ShowsEveryControlCharacter) {
  for (int code = 0; code < 0x20; ++code) {
    char expected[8] = {};
    std::snprintf(expected, sizeof(expected), "\\x%02x", code);
    EXPECT_EQ(visible(std::string(1, static_cast<char>(code))), expected);
  }
  EXPECT_EQ(visible("\x7f"), "\\x7f");
  EXPECT_EQ(visible("\u009b31m"), "\\u{9b}31m") << "the one-character form of ESC [";
}

TEST(Visible, AnEscapeSequenceCannotReachTheTerminal) {
  EXPECT_EQ(visible("\x1b]0;title\x07"), "\\x1b]0;title\\x07");
  EXPECT_EQ(visible("ok\r\x1b[2Kevil"), "ok\\x0d\\x1b[2Kevil");
}

TEST(Visible, ShowsWhatHidesOrReorders) {
  struct Case {
    const char* text;
    const char* shown;
  };
  // NOLINTBEGIN(misc-misleading-bidirectional): these are what it must find
  const Case cases[] = {{"\u202e", "\\u{202e}"},     {"\u2066", "\\u{2066}"}, {"\u200b", "\\u{200b}"},
                        {"\u200f", "\\u{200f}"},     {"\ufeff", "\\u{feff}"}, {"\u00ad", "\\u{ad}"},
                        {"\u2028", "\\u{2028}"},     {"\ufe0f", "\\u{fe0f}"}, {"\u3164", "\\u{3164}"},
                        {"\U000e0041", "\\u{e0041}"}};
  // NOLINTEND(misc-misleading-bidirectional)
  for (const Case& one : cases) EXPECT_EQ(visible(one.text), one.shown);
}

TEST(Visible, TheNeighboursOfHiddenRangesAreShown) {
  for (const char* text : {"\u200a", "\u2010", "\u2027", "\u202f", "\u205f", "\u2070", "\ufdff", "\ufe10"})
    EXPECT_EQ(visible(text), text);
}

TEST(Visible, BytesThatAreNotUtf8AreShownOneByOne) {
  EXPECT_EQ(visible("a\xff\xfe"), "a\\xff\\xfe");
  EXPECT_EQ(visible("\xc3"), "\\xc3");
  EXPECT_EQ(visible("\xe2\x82"), "\\xe2\\x82");
  EXPECT_EQ(visible("\xc0\xaf"), "\\xc0\\xaf") << "an overlong slash";
  EXPECT_EQ(visible("\xed\xa0\x80"), "\\xed\\xa0\\x80") << "a surrogate";
  EXPECT_EQ(visible("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80") << "beyond U+10FFFF";
}

TEST(Visible, AnEscapeCannotBeForged) { EXPECT_EQ(visible("\\x1b"), "\\\\x1b"); }

TEST(Visible, PagesKeepNewlinesAndTabsAndNothingElse) {
  EXPECT_EQ(visible("a\n\tb\r\x1b\\n", Keep::kNewlines), "a\n\tb\\x0d\\x1b\\n");
  EXPECT_EQ(visible("a\n\tb"), "a\\x0a\\x09b");
}

TEST(Visible, OfAnyBytesIsPrintableUtf8OnOneLineAndAtMostEightTimesAsLong) {
  std::mt19937 random(20'251'122);
  for (int round = 0; round < 2000; ++round) {
    std::string text(random() % 64, '\0');
    for (char& byte : text) byte = static_cast<char>(random());
    const std::string shown = visible(text);
    EXPECT_TRUE(is_utf8(shown));
    EXPECT_LE(shown.size(), 8 * text.size());
    for (const char c : shown) EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    EXPECT_EQ(visible(shown, Keep::kNewlines), shown) << "what is visible stays as it is";
  }
}

TEST(IsUtf8, AcceptsEveryLengthAtItsEnds) {
  for (const std::string_view text :
       {"\x7f"sv, "\xc2\x80"sv, "\xdf\xbf"sv, "\xe0\xa0\x80"sv, "\xed\x9f\xbf"sv, "\xee\x80\x80"sv,
        "\xef\xbf\xbf"sv, "\xf0\x90\x80\x80"sv, "\xf4\x8f\xbf\xbf"sv})
    EXPECT_TRUE(is_utf8(text));
}

TEST(IsUtf8, RefusesWhatIsOneBeyond) {
  for (const std::string_view text :
       {"\x80"sv, "\xc1\xbf"sv, "\xe0\x9f\xbf"sv, "\xed\xa0\x80"sv, "\xf0\x8f\xbf\xbf"sv,
        "\xf4\x90\x80\x80"sv, "\xf5\x80\x80\x80"sv, "\xc2"sv, "\xe1\x80"sv, "a\xf1\x80\x80"sv})
    EXPECT_FALSE(is_utf8(text));
}

}  // namespace
}  // namespace mcpbox::base
