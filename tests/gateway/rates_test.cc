// Mirrors gateway/rates.cc.
#include "gateway/rates.h"

#include <gtest/gtest.h>

namespace mcpbox::gateway {
namespace {

struct StillClock final : base::Clock {
  std::int64_t t = 1'000;
  [[nodiscard]] std::int64_t now_ms() const override { return t; }
  [[nodiscard]] std::int64_t steady_ms() const override { return t; }
};

class RatesTest : public testing::Test {
 public:
  StillClock clock;
  Rates rates{clock};
  RatesTest() { rates.allow(60); }
  // How many of so many requests are answered.
  int answered(int requests, const std::string& who = "unix:alice") {
    int good = 0;
    for (int i = 0; i < requests; ++i) good += rates.take(who) ? 0 : 1;
    return good;
  }
};

TEST_F(RatesTest, AMinutesWorthMayComeAtOnceAndNotOneMore) {
  EXPECT_EQ(answered(60), 60);
  EXPECT_EQ(rates.take("unix:alice"), 1);
}

TEST_F(RatesTest, OneCallersFloodTakesNothingFromAnother) {
  EXPECT_EQ(answered(1'000), 60);
  EXPECT_EQ(answered(60, "unix:bob"), 60);
}

TEST_F(RatesTest, WhoWaitsAsToldIsAnswered) {
  answered(60);
  const auto wait = rates.take("unix:alice");
  ASSERT_TRUE(wait);
  clock.t += *wait * 1000 - 1;
  EXPECT_TRUE(rates.take("unix:alice"));
  clock.t += 1;
  EXPECT_FALSE(rates.take("unix:alice"));
  EXPECT_TRUE(rates.take("unix:alice"));
}

TEST_F(RatesTest, RefusedRequestsDoNotMakeTheWaitLonger) {
  answered(10'000);
  clock.t += 30'000;
  EXPECT_EQ(answered(100), 30);
}

TEST_F(RatesTest, WaitingForAnHourGivesOneMinutesWorth) {
  answered(60);
  clock.t += 3'600'000;
  EXPECT_EQ(answered(1'000), 60);
}

TEST_F(RatesTest, ASlowRateTellsALongWait) {
  rates.allow(1);
  EXPECT_EQ(answered(1), 1);
  EXPECT_EQ(rates.take("unix:alice"), 60);
}

TEST_F(RatesTest, AClockThatStandsStillOrGoesBackGivesNothing) {
  answered(60);
  clock.t -= 500;
  EXPECT_TRUE(rates.take("unix:alice"));
}

TEST_F(RatesTest, NoCrowdMakesTheTableLarger) {
  for (std::size_t i = 0; i < 3 * Rates::kMostCallers; ++i) (void)rates.take(std::to_string(i));
  EXPECT_LE(rates.size(), Rates::kMostCallers);
}

TEST_F(RatesTest, TheCallersWhoWaitAreRememberedWhenOthersAreForgotten) {
  answered(60);
  for (std::size_t i = 1; i < Rates::kMostCallers; ++i) (void)rates.take(std::to_string(i));
  clock.t += 1'000;  // the crowd's buckets are full again, hers has one
  EXPECT_FALSE(rates.take("somebody else"));
  EXPECT_EQ(answered(2), 1);
}

}  // namespace
}  // namespace mcpbox::gateway
