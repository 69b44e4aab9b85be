// Linked into every benchmark.
#include "bench/priority.h"

#include <sched.h>
#include <sys/resource.h>

#include "bench/figures.h"

namespace mcpbox::bench {
namespace {

constexpr int kAhead = -10;

}  // namespace

void run_ahead_of_others() {
  const sched_param priority{.sched_priority = 1};
  if (::sched_setscheduler(0, SCHED_RR, &priority) != 0) give_up("no real-time priority", errno);
}

void run_like_others() {
  const sched_param none{};
  if (::sched_setscheduler(0, SCHED_OTHER, &none) != 0 || ::setpriority(PRIO_PROCESS, 0, kAhead) != 0)
    give_up("no ordinary priority", errno);
}

}  // namespace mcpbox::bench
