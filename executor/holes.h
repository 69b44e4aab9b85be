// Free memory between objects, filled up before the first fork.
//
// After hundreds of imports the heaps are full of holes, and an allocator hands them out first.  In a forked
// child each small allocation would then fall into another page that was shared until then, and malloc would
// tidy up its lists of holes as well, which writes into every one of them.  With the holes filled, what a
// child allocates comes from fresh pages, one beside the other.
#pragma once

#include <cstddef>

namespace mcpbox::executor {

// Fills malloc's holes, for good.  Costs no memory: the pages that lie wholly inside a hole are given back
// first, and nothing is written into the others.
void fill_malloc_holes();

// The same for an allocator of small blocks that keeps blocks of one size together, in pools that begin at
// multiples of kPoolBytes: CPython's.
//   allocate   nullptr ends the filling
//   largest    block size up to which it does so; sizes are multiples of `step`
inline constexpr std::size_t kPoolBytes = 16UL * 1024;
void fill_pool_holes(void* (*allocate)(std::size_t), void (*release)(void*), std::size_t step,
                     std::size_t largest);

}  // namespace mcpbox::executor
