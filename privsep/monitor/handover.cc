// Runs in the monitor, at its start.  Trusts the launcher, which is root and started us.
#include "privsep/monitor/handover.h"

#include <unistd.h>

#include "privsep/base/fd.h"
#include "privsep/monitor/machine.h"

namespace mcpbox::monitor {

base::Result<wire::MonitorSettings> take_settings() {
  wire::MonitorSettings settings{};
  const base::Fd from(wire::kMonitorSettingsFd);
  const ssize_t got = ::pread(from.get(), &settings, sizeof settings, 0);
  if (got != static_cast<ssize_t>(sizeof settings) || settings.size != sizeof settings)
    return base::fail(base::Why::kInvalid, "no settings from the launcher, or those of another build");
  // Two idle children per core hide the cost of a fork from a caller.
  if (settings.spares == 0) settings.spares = 2 * measure_machine().cores;
  return settings;
}

}  // namespace mcpbox::monitor
