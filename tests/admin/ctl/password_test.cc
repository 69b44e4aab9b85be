// Mirrors admin/ctl/password.cc.
#include "admin/ctl/password.h"

#include <gtest/gtest.h>

#include "policy/limits.h"

namespace mcpbox::ctl {
namespace {

using namespace std::string_view_literals;

TEST(NewPassword, HasAtLeastTwelveCharacters) {
  EXPECT_FALSE(problem_with_password("elevenchars").empty());
  EXPECT_TRUE(problem_with_password("twelve chars").empty());
  EXPECT_FALSE(
      problem_with_password("\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4\u00e4").empty())
      << "22 bytes, but 11 characters";
}

TEST(NewPassword, HasAtMostTheBytesThatCrossTheLink) {
  EXPECT_TRUE(problem_with_password(std::string(policy::limits::kPasswordBytes, 'x')).empty());
  EXPECT_FALSE(problem_with_password(std::string(policy::limits::kPasswordBytes + 1, 'x')).empty());
}

TEST(NewPassword, IsText) {
  EXPECT_FALSE(problem_with_password("twelve chars\xff").empty());
  EXPECT_FALSE(problem_with_password("twelve chars\0"sv).empty());
}

}  // namespace
}  // namespace mcpbox::ctl
