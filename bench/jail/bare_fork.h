// L, the unit of every figure of this benchmark: how long the zygote takes to fork a child that does nothing
// but exit, and to reap it.  No way of making calls can be faster than that on the same machine at the same
// time.
//
// The product's zygote can only fork jailed call children, and a faster way of forking is no power to give it
// for a measurement.  So L is measured in mcpbox-bare-fork: the same libraries make the same interpreter, it
// enters the same jail through the same function, and then forks when asked.  That it really is the same
// process image is checked: its anonymous memory must be the zygote's, within a few percent.
#pragma once

#include "bench/jail/executor.h"

namespace mcpbox::bench {

class BareFork {
 public:
  BareFork() : process_(MCPBOX_BARE_FORK) {}

  // Times so many cycles of fork, _exit and wait, in microseconds each.
  [[nodiscard]] Samples cycles(std::uint32_t count);
  [[nodiscard]] pid_t pid() const { return process_.pid(); }

 private:
  Jailed process_;
};

}  // namespace mcpbox::bench
