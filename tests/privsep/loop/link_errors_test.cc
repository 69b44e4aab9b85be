// Mirrors error_of() of privsep/loop/link.cc.  A program of its own: the table of texts lives as long as the
// process.
#include <gtest/gtest.h>

#include "privsep/loop/link.h"

namespace mcpbox::loop {
namespace {

using base::Why;

base::Error error_from(std::uint8_t why, std::string_view text, ErrorTexts texts = ErrorTexts::kKept) {
  wire::ErrorBody body{.why = why, .text = text};
  base::Result<wire::Frame> frame = wire::encode(body);
  return error_of(*frame, texts);
}

TEST(ErrorOf, KeepsKindAndText) {
  const base::Error error = error_from(static_cast<std::uint8_t>(Why::kBusy), "later");
  EXPECT_EQ(error.why, Why::kBusy);
  EXPECT_STREQ(error.text, "later");
}

TEST(ErrorOf, AnUnknownKindIsABrokenPeer) {
  for (const int why : {0, static_cast<int>(Why::kBroken) + 1, 255})
    EXPECT_EQ(error_from(static_cast<std::uint8_t>(why), "x").why, Why::kBroken) << why;
}

TEST(ErrorOf, SomethingElseThanAnErrorIsABrokenPeer) {
  wire::Frame frame{.header = {}, .payload = "not an error", .fds = {}};
  EXPECT_EQ(error_of(frame, ErrorTexts::kKept).why, Why::kBroken);
}

// What a stolen child says reaches no log, no caller and no memory.
TEST(ErrorOf, OfAProcessThatMayBeStolenOnlyTheKindCounts) {
  const base::Error error =
      error_from(static_cast<std::uint8_t>(Why::kBusy), "send root's password", ErrorTexts::kDropped);
  EXPECT_EQ(error.why, Why::kBusy);
  EXPECT_STREQ(error.text, "the process could not do what it was asked to");
  constexpr int kManyTexts = 1000;
  for (int i = 0; i < kManyTexts; ++i) error_from(1, "lie " + std::to_string(i), ErrorTexts::kDropped);
  EXPECT_STREQ(error_from(1, "a text of the monitor's").text, "a text of the monitor's")
      << "there is room left";
}

TEST(ErrorOf, EverNewTextsDoNotTakeEverMoreMemory) {
  constexpr int kManyTexts = 1000;
  for (int i = 0; i < kManyTexts; ++i) error_from(1, "text " + std::to_string(i));
  EXPECT_STREQ(error_from(1, "text 0").text, "text 0") << "what is known stays known";
  const base::Error unknown = error_from(1, "one more");
  EXPECT_EQ(unknown.why, Why::kInvalid);
  EXPECT_STREQ(unknown.text, "");
}

}  // namespace
}  // namespace mcpbox::loop
