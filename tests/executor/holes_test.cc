// Filling the holes of both allocators.  mirrors executor/holes.cc
#include "executor/holes.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <cstdint>
#include <cstdlib>
#include <vector>

namespace mcpbox::executor {
namespace {

// Leaves `count` holes of about this size: every second block is freed.
void make_holes(std::size_t size, int count) {
  std::vector<void*> blocks;
  for (int i = 0; i < 2 * count; ++i) blocks.push_back(std::malloc(size));
  for (std::size_t i = 0; i < blocks.size(); i += 2) std::free(blocks[i]);
}

std::size_t bytes_in_holes() {
  const struct mallinfo2 now = ::mallinfo2();
  return now.fordblks - now.keepcost;
}

TEST(Holes, OfMallocAreFilled) {
  for (const std::size_t size : {40, 200, 2000, 20'000}) make_holes(size, 200);
  const std::size_t before = bytes_in_holes();
  ASSERT_GT(before, 1'000'000U);
  fill_malloc_holes();
  EXPECT_LT(bytes_in_holes(), before / 20);
}

TEST(Holes, WhatIsAllocatedAfterwardsLiesTogether) {
  for (const std::size_t size : {40, 200, 2000, 20'000}) make_holes(size, 200);
  fill_malloc_holes();
  std::uintptr_t lowest = UINTPTR_MAX;
  std::uintptr_t highest = 0;
  for (int i = 0; i < 100; ++i) {
    const auto block = reinterpret_cast<std::uintptr_t>(std::malloc(1500));
    lowest = std::min(lowest, block);
    highest = std::max(highest, block);
  }
  EXPECT_LT(highest - lowest, 100U * 1600U);
}

// A pool allocator in small: hands out the holes of older pools first.
struct Pools {
  static inline std::vector<void*> free_blocks;
  static inline char* fresh = nullptr;
  static inline int released = 0;

  static void* allocate(std::size_t size) {
    if (!free_blocks.empty()) {
      void* const block = free_blocks.back();
      free_blocks.pop_back();
      return block;
    }
    if (fresh == nullptr) fresh = static_cast<char*>(std::aligned_alloc(kPoolBytes, 8 * kPoolBytes));
    fresh += size;
    return fresh - size;
  }
  static void release(void* /*block*/) { ++released; }
};

TEST(Holes, OfPoolsAreFilledAndTheLastPoolIsGivenBack) {
  std::vector<char> old(64 * 512);
  for (std::size_t i = 0; i < old.size(); i += 512) Pools::free_blocks.push_back(&old[i]);
  fill_pool_holes(Pools::allocate, Pools::release, 256, 256);
  EXPECT_TRUE(Pools::free_blocks.empty());
  EXPECT_EQ(Pools::released, static_cast<int>((kPoolBytes - 48) / 256));
}

TEST(Holes, AnAllocatorThatHasNoMoreEndsTheFilling) {
  fill_pool_holes([](std::size_t) -> void* { return nullptr; }, [](void*) { FAIL(); }, 16, 512);
}

}  // namespace
}  // namespace mcpbox::executor
