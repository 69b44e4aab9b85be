// Runs in [zygote], once, before its jail.
#include "executor/holes.h"

#include <malloc.h>

#include <cstdint>
#include <cstdlib>
#include <vector>

namespace mcpbox::executor {
namespace {

constexpr std::size_t kLargestHole = 64UL * 1024;  // larger ones serve what is large, and there are few
constexpr std::size_t kSmallestHole = 24;
constexpr std::size_t kPoolHeader = 48;
constexpr int kMostBlocks =
    100'000;  // of one size: an allocator that behaves otherwise must not take everything

// What is left at the end of the heap: an allocation that makes it less did not come out of a hole.
std::size_t at_the_end() { return ::mallinfo2().keepcost; }

// True when a block of this size came out of a hole, and stays there.
bool fill_one(std::size_t size) {
  const std::size_t before = at_the_end();
  void* volatile block =
      std::malloc(size);  // volatile: a compiler may leave out what nobody uses, and clang does
  if (block != nullptr && at_the_end() == before) return true;
  std::free(block);
  return false;
}

// True while `block` and the one before it are neighbours in a pool.
bool follows(const void* block, const void* last, std::size_t size) {
  return reinterpret_cast<std::uintptr_t>(block) == reinterpret_cast<std::uintptr_t>(last) + size;
}

// Takes blocks until a whole pool was handed out from its first block to its last: there was no hole left.
// Gives that pool back.
void fill_pools(void* (*allocate)(std::size_t), void (*release)(void*), std::size_t size) {
  const std::size_t in_a_pool = (kPoolBytes - kPoolHeader) / size;
  std::vector<void*> run;
  run.reserve(in_a_pool);
  for (int i = 0; i < kMostBlocks && run.size() < in_a_pool; ++i) {
    void* const block = allocate(size);
    if (block == nullptr) break;
    if (!run.empty() && !follows(block, run.back(), size)) run.clear();  // those stay where they are
    run.push_back(block);
  }
  for (void* const block : run) release(block);
}

}  // namespace

void fill_malloc_holes() {
  ::malloc_trim(0);  // joins neighbouring holes, too
  for (std::size_t size = kLargestHole; size >= kSmallestHole; size -= size / 8 + 8)
    for (int i = 0; i < kMostBlocks && fill_one(size); ++i) {
    }
}

void fill_pool_holes(void* (*allocate)(std::size_t), void (*release)(void*), std::size_t step,
                     std::size_t largest) {
  for (std::size_t size = step; size <= largest; size += step) fill_pools(allocate, release, size);
}

}  // namespace mcpbox::executor
