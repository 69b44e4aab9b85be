// What the launcher hands over at the start.
#pragma once

#include "privsep/base/error.h"
#include "privsep/wire/reserve.h"
#include "privsep/wire/spawn.h"

namespace mcpbox::monitor {

// Reads and closes wire::kMonitorSettingsFd, and fills in what the configuration left to the machine.  Before
// the jail: it counts processors.  kInvalid when launcher and monitor are of different builds.
base::Result<wire::MonitorSettings> take_settings();

}  // namespace mcpbox::monitor
