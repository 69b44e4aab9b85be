// Mirrors privsep/launcher/kernel.cc.
#include "privsep/launcher/kernel.h"

#include <gtest/gtest.h>

#include <string>

namespace mcpbox::launcher {
namespace {

TEST(Kernel, IsTakenFromTheOldestThatIsSupportedOn) {
  for (const char* release :
       {"6.1", "6.1.0", "6.1.0-18-amd64", "6.18.44-fc-v509", "7.0.0", "10.2", "6.12-rc1"})
    EXPECT_TRUE(check_kernel(release).has_value()) << release;
}

TEST(Kernel, IsRefusedInWordsWhenItIsOlder) {
  for (const char* release : {"6.0.19", "5.15.0-91-generic", "5.99", "4.19.0", "2.6.32"}) {
    const Outcome<void> checked = check_kernel(release);
    ASSERT_FALSE(checked.has_value()) << release;
    EXPECT_EQ(checked.error(), "this is Linux " + std::string(release) + "; MCPbox needs Linux 6.1 or newer");
  }
}

TEST(Kernel, IsRefusedWhenItsVersionIsNoVersion) {
  for (const char* release : {"", "6", "6.", "six.one", "-6.1", ".1"})
    EXPECT_FALSE(check_kernel(release).has_value()) << release;
}

TEST(Kernel, OfThisMachineIsNewEnough) { EXPECT_TRUE(check_kernel().has_value()); }

}  // namespace
}  // namespace mcpbox::launcher
