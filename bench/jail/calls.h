// The figures of whole calls, each as a multiple of L of the same round.
#pragma once

#include "bench/jail/bare_fork.h"
#include "bench/jail/executor.h"

namespace mcpbox::bench {

// One round: everything in it is measured within about a second, so that what else the machine does in that
// second weighs on both sides of each ratio.
struct CallRound {
  double bare_fork_us = 0;  // L
  double warm_us = 0;       // spare waiting: from Prepare to outcome
  double on_demand_us = 0;  // from the order to fork to the outcome
  double warm_cpu_us = 0;   // zygote and child, from fork to the end of the child
  double on_demand_cpu_us = 0;
  double calls_per_second = 0;  // as many callers as cores, no spare waiting
};

[[nodiscard]] CallRound measure_calls(BareFork& bare, Executor& executor, protocol::Prepare& job);

}  // namespace mcpbox::bench
