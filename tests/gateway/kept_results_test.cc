// Mirrors gateway/kept_results.cc.
#include "gateway/kept_results.h"

#include <gmock/gmock.h>

#include "policy/limits.h"

namespace mcpbox::gateway {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
namespace limits = policy::limits;

struct StillClock final : base::Clock {
  std::int64_t t = 1'000;
  [[nodiscard]] std::int64_t now_ms() const override { return t; }
  [[nodiscard]] std::int64_t steady_ms() const override { return t; }
};

class KeptResultsTest : public testing::Test {
 public:
  StillClock clock;
  KeptResults kept{clock};
};

TEST_F(KeptResultsTest, PartsAreReadOneAfterTheOther) {
  const std::string uri = kept.keep("unix:alice", {"two", "three"}, 2);
  ASSERT_THAT(uri, StartsWith("mcpbox://results/"));
  const std::optional<std::string> two = kept.read("unix:alice", uri);
  ASSERT_TRUE(two);
  EXPECT_THAT(*two, StartsWith("two\n[MCPbox: this was part 2 of 3. It goes on at "));
  const std::string next = uri.substr(0, uri.size() - 1) + "3";
  EXPECT_THAT(*two, HasSubstr(next));
  EXPECT_EQ(kept.read("unix:alice", next), "three");
}

TEST_F(KeptResultsTest, NobodyElseReadsThem) {
  const std::string uri = kept.keep("unix:alice", {"two"}, 2);
  EXPECT_EQ(kept.read("unix:bob", uri), std::nullopt);
  EXPECT_EQ(kept.read("", uri), std::nullopt);
}

TEST_F(KeptResultsTest, WhatIsNoUriOfOursIsNothing) {
  const std::string uri = kept.keep("unix:alice", {"two"}, 2);
  const std::string stem = uri.substr(0, uri.size() - 1);
  for (const std::string& odd :
       {stem, stem + "1", stem + "3", stem + "-1", stem + "2x", stem + "99999999999999999999999", uri + "/",
        std::string("mcpbox://results/"), std::string("mcpbox://results"), std::string("https://x/")})
    EXPECT_EQ(kept.read("unix:alice", odd), std::nullopt) << odd;
}

TEST_F(KeptResultsTest, TheyAreForgottenAfterTheirTime) {
  const std::string uri = kept.keep("unix:alice", {"two"}, 2);
  clock.t += limits::kKeptResultMs - 1;
  EXPECT_TRUE(kept.read("unix:alice", uri));
  clock.t += 1;
  EXPECT_EQ(kept.read("unix:alice", uri), std::nullopt);
}

TEST_F(KeptResultsTest, OneCallersResultsPushOutThatCallersOldest) {
  const std::string others = kept.keep("unix:bob", {"bob's"}, 2);
  const std::string first = kept.keep("unix:alice", {"two"}, 2);
  std::string last;
  for (std::size_t i = 1; i < limits::kKeptResultsPerCaller; ++i) last = kept.keep("unix:alice", {"two"}, 2);
  EXPECT_TRUE(kept.read("unix:alice", first)) << "at the limit";
  last = kept.keep("unix:alice", {"two"}, 2);
  EXPECT_EQ(kept.read("unix:alice", first), std::nullopt) << "one above it";
  EXPECT_TRUE(kept.read("unix:alice", last));
  EXPECT_TRUE(kept.read("unix:bob", others));
}

TEST_F(KeptResultsTest, AllTogetherStayWithinTheirLimits) {
  for (std::size_t i = 0; i < 3 * limits::kKeptResults; ++i)
    kept.keep("unix:" + std::to_string(i), {std::string(1024, 'x')}, 2);
  EXPECT_EQ(kept.size(), limits::kKeptResults);
  const std::string large = kept.keep("unix:alice", {std::string(limits::kKeptResultsBytes - 1, 'x')}, 2);
  EXPECT_EQ(kept.size(), 1U);
  EXPECT_TRUE(kept.read("unix:alice", large));
}

}  // namespace
}  // namespace mcpbox::gateway
