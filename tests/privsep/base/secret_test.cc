// Mirrors privsep/base/secret.h.
#include "privsep/base/secret.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <concepts>
#include <type_traits>

namespace mcpbox::base {
namespace {

class SecretTest : public testing::Test {
 protected:
  Secret<32> sevens() {
    return Secret<32>::make(pages, [](std::span<unsigned char, 32> bytes) { std::ranges::fill(bytes, 7); });
  }

  SecretPages pages = *SecretPages::make(2);
};
using SecretDeathTest = SecretTest;

TEST_F(SecretTest, IsReadableInsideReveal) {
  const Secret<32> secret = sevens();
  const bool all = secret.reveal([](std::span<const unsigned char, 32> bytes) {
    return std::ranges::all_of(bytes, [](int b) { return b == 7; });
  });
  EXPECT_TRUE(all);
}

TEST_F(SecretTest, CanBeMovedAndNeitherCopiedNorCompared) {
  static_assert(!std::is_copy_constructible_v<Secret<32>> && !std::is_copy_assignable_v<Secret<32>>);
  static_assert(!std::equality_comparable<Secret<32>>);
  Secret<32> from = sevens();
  const Secret<32> to = std::move(from);
  EXPECT_EQ(to.reveal([](std::span<const unsigned char, 32> bytes) { return bytes[31]; }), 7);
}

TEST_F(SecretDeathTest, OutsideRevealItsPageIsClosed) {
  const Secret<32> secret = sevens();
  const unsigned char* where =
      secret.reveal([](std::span<const unsigned char, 32> bytes) { return bytes.data(); });
  EXPECT_DEATH({ [[maybe_unused]] const volatile unsigned char byte = *where; }, "");
}

}  // namespace
}  // namespace mcpbox::base
