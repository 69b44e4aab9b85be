// Runs in the monitor, at its start.  Trusts the launcher, which is root and started us.
#include "privsep/monitor/handover.h"

#include <sched.h>
#include <unistd.h>

#include "privsep/base/fd.h"

namespace mcpbox::monitor {

namespace {

// Two idle children per core hide the cost of a fork from a caller.
std::uint32_t default_spares() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (::sched_getaffinity(0, sizeof cores, &cores) != 0) return 2;
  return static_cast<std::uint32_t>(2 * CPU_COUNT(&cores));
}

}  // namespace

base::Result<wire::MonitorSettings> take_settings() {
  wire::MonitorSettings settings{};
  const base::Fd from(wire::kMonitorSettingsFd);
  const ssize_t got = ::pread(from.get(), &settings, sizeof settings, 0);
  if (got != static_cast<ssize_t>(sizeof settings) || settings.size != sizeof settings)
    return base::fail(base::Why::kInvalid, "no settings from the launcher, or those of another build");
  if (settings.spares == 0) settings.spares = default_spares();
  return settings;
}

}  // namespace mcpbox::monitor
