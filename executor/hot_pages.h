// Which pages a call writes to, learned once, so that a spare can make them its own while it waits.
//
// A forked child shares every page with the zygote until it writes to it, and then pays for a fault and a
// copy: a few hundred of them are most of what a short call costs.  Which pages they are does not change from
// call to call, because each starts from the same memory.
//
//   base::Result<HotPages> hot = HotPages::learn([&] { rehearse(); });   // in the zygote, before its jail
//   ... fork ...
//   hot->touch(link);                                                    // in the child, before stage 2
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "privsep/base/error.h"

namespace mcpbox::executor {

class HotPages {
 public:
  // Forks a child that runs `rehearse` and then reads from /proc/self/pagemap which pages it no longer
  // shares.
  //   errors   kBroken: /proc is not there, or the child failed
  //   needs    /proc; one thread
  [[nodiscard]] static base::Result<HotPages> learn(const std::function<void()>& rehearse);

  // In a child: copies those pages and maps those files' pages, until a job is there to be read from `link`.
  // What is not done then, the call's own faults will do.  poll(2) and madvise(2) only.
  void touch(int link) const noexcept;

  // In a child whose job is on its way: copies the pages that are written to, all of them, and maps no
  // file's. madvise(2) only.
  void copy() const noexcept;

  struct Range {
    std::uint64_t start;
    std::uint64_t bytes;
    std::uint64_t is_file;  // read from a file and never written to: only the mapping is missing
  };

 private:
  std::vector<Range> ranges_;
};

}  // namespace mcpbox::executor
