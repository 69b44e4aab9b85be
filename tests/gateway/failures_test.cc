#include "gateway/failures.h"

#include <gtest/gtest.h>

namespace mcpbox::gateway {
namespace {

class StillClock final : public base::Clock {
 public:
  std::int64_t t = 1'000;
  [[nodiscard]] std::int64_t now_ms() const override { return t; }
  [[nodiscard]] std::int64_t steady_ms() const override { return t; }
};

TEST(Failures, TenInAMinuteAreTooManyForThatAddressAlone) {
  StillClock clock;
  Failures failures(clock);
  for (int i = 0; i < Failures::kMost; ++i) {
    EXPECT_FALSE(failures.too_many("192.0.2.1"));
    failures.count("192.0.2.1");
  }
  EXPECT_TRUE(failures.too_many("192.0.2.1"));
  EXPECT_FALSE(failures.too_many("192.0.2.2"));
  clock.t += Failures::kWindowMs - 1;
  EXPECT_TRUE(failures.too_many("192.0.2.1"));
  clock.t += 1;
  EXPECT_FALSE(failures.too_many("192.0.2.1"));
}

TEST(Failures, ManyAddressesTakeNoMoreMemoryThanThereIs) {
  StillClock clock;
  Failures failures(clock);
  for (std::size_t i = 0; i < 3 * Failures::kMostAddresses; ++i) failures.count(std::to_string(i));
  for (int i = 0; i < Failures::kMost; ++i) failures.count("last");
  EXPECT_TRUE(failures.too_many("last"));
}

}  // namespace
}  // namespace mcpbox::gateway
