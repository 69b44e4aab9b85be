// What the launcher asks of the machine itself before it starts anything.
#pragma once

#include <string_view>

#include "privsep/launcher/outcome.h"

namespace mcpbox::launcher {

// Refuses a kernel that is older than policy::kLeastKernel, in words.
//   release  as uname(2) gives it: "6.1.0-18-amd64"
[[nodiscard]] Outcome<void> check_kernel(std::string_view release);
// The same for the kernel that runs here.
[[nodiscard]] Outcome<void> check_kernel();

// Takes this process out of the way of the out-of-memory killer, as far as it may (policy/oom_order.h).
//   returns  whether the kernel took it
bool stay_when_memory_runs_out();

}  // namespace mcpbox::launcher
