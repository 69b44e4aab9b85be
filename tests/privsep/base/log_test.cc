// Mirrors privsep/base/log.cc.
#include "privsep/base/log.h"

#include <gtest/gtest.h>

#include <regex>

namespace mcpbox::base {
namespace {

constexpr std::string_view kTime = R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z )";

std::string logged(auto write) {
  ::testing::internal::CaptureStderr();
  write(Log("net-local"));
  return ::testing::internal::GetCapturedStderr();
}

void expect_line(const std::string& line, const std::string& rest) {
  const std::regex time{std::string(kTime)};
  std::smatch found;
  ASSERT_TRUE(std::regex_search(line, found, time, std::regex_constants::match_continuous)) << line;
  EXPECT_EQ(found.suffix().str(), rest);
}

TEST(Log, OneEventIsOneLineWithTimeRoleLevelAndFields) {
  expect_line(logged([](const Log& log) { log.info("call ended", {{"call", 42}, {"tool", "greet"}}); }),
              "net-local info call ended call=42 tool=greet\n");
  expect_line(logged([](const Log& log) { log.warn("slow"); }), "net-local warn slow\n");
}

TEST(Log, ValuesThatCouldBeMisreadAreQuoted) {
  expect_line(
      logged([](const Log& log) { log.info("e", {{"a", "two words"}, {"b", ""}, {"c", "x=\"y\""}}); }),
      "net-local info e a=\"two words\" b=\"\" c=\"x=\\\"y\\\"\"\n");
}

TEST(Log, OutsideTextCannotMakeASecondLineOrAnEscape) {
  expect_line(logged([](const Log& log) { log.info("e", {{"a", "x\n2026 net-local info forged\x1b[31m"}}); }),
              "net-local info e a=\"x\\x0a2026 net-local info forged\\x1b[31m\"\n");
}

TEST(Log, AnErrorBringsItsLiteralAndItsErrno) {
  expect_line(logged([](const Log& log) { log.error("failed", Error{Why::kBroken, "no file", ENOENT}); }),
              "net-local error failed why=\"no file\" errno=\"No such file or directory\"\n");
  expect_line(logged([](const Log& log) { log.error("failed", Error{Why::kRefused, "no"}); }),
              "net-local error failed why=no\n");
}

}  // namespace
}  // namespace mcpbox::base
