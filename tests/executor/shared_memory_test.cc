#include "executor/shared_memory.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <vector>

namespace mcpbox {
namespace {

std::vector<unsigned char> some_bytes() {
  std::vector<unsigned char> bytes(100'000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<unsigned char>(i * 7);
  return bytes;
}

TEST(SharedMemory, HoldsACopyOfTheBytes) {
  std::vector<unsigned char> bytes = some_bytes();
  const auto shared = executor::share(bytes);
  ASSERT_TRUE(shared.has_value());
  EXPECT_TRUE(std::ranges::equal(*shared, bytes));
  bytes[5] += 1;
  EXPECT_NE((*shared)[5], bytes[5]);
}

TEST(SharedMemory, OfNothingIsNothing) {
  const auto shared = executor::share({});
  ASSERT_TRUE(shared.has_value());
  EXPECT_TRUE(shared->empty());
}

TEST(SharedMemory, CannotBeWritten) {
  const auto shared = executor::share(some_bytes());
  ASSERT_TRUE(shared.has_value());
  auto* const at = const_cast<unsigned char*>(shared->data());
  EXPECT_EXIT(*static_cast<volatile unsigned char*>(at) = 1, ::testing::KilledBySignal(SIGSEGV), "");
}

TEST(SharedMemory, ThatAChildMadeWritableIsItsOwnAffair) {
  const auto shared = executor::share(some_bytes());
  ASSERT_TRUE(shared.has_value());
  auto* const at = const_cast<unsigned char*>(shared->data());
  EXPECT_EXIT(
      {
        const int changed = ::mprotect(at, shared->size(), PROT_READ | PROT_WRITE);
        at[3] = 99;
        ::_exit(changed == 0 && at[3] == 99 ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
  EXPECT_EQ((*shared)[3], some_bytes()[3]);
}

}  // namespace
}  // namespace mcpbox
