// Runs in the monitor, before its jail.  Trusts the kernel.
#include "privsep/monitor/machine.h"

#include <sched.h>
#include <unistd.h>

namespace mcpbox::monitor {

Machine measure_machine() {
  Machine machine;
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (::sched_getaffinity(0, sizeof cores, &cores) == 0)
    machine.cores = static_cast<std::uint32_t>(CPU_COUNT(&cores));
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page_bytes = ::sysconf(_SC_PAGESIZE);
  if (pages > 0 && page_bytes > 0)
    machine.memory_bytes = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_bytes);
  return machine;
}

}  // namespace mcpbox::monitor
