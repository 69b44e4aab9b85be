// Mirrors privsep/base/error.h.
#include "privsep/base/error.h"

#include <gtest/gtest.h>

namespace mcpbox::base {
namespace {

Result<int> refused() { return fail(Why::kRefused, "no"); }

Result<int> failed_call() {
  errno = EACCES;
  return fail_errno("cannot open");
}

TEST(Error, CarriesKindAndLiteral) {
  const Result<int> result = refused();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().why, Why::kRefused);
  EXPECT_STREQ(result.error().text, "no");
  EXPECT_EQ(result.error().sys_errno, 0);
}

TEST(Error, OfASystemCallBringsItsErrno) {
  const Result<int> result = failed_call();
  EXPECT_EQ(result.error().why, Why::kBroken);
  EXPECT_EQ(result.error().sys_errno, EACCES);
}

TEST(PanicDeathTest, SaysWhatBrokeAndAborts) { EXPECT_DEATH(PANIC("two owners"), "panic: two owners"); }

}  // namespace
}  // namespace mcpbox::base
