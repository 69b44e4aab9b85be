// What a process holds, for the monitor, which can open no file itself.
#pragma once

#include "privsep/base/fd.h"

namespace mcpbox::launcher {

// Opens /proc/PID/stat of the process behind a pidfd.  Whoever has it reads the kernel's accounting of that
// process, as everybody on this machine may, and of no other: after its end there is nothing to read.
//   returns  the file; none, with errno, when the descriptor is no pidfd of a living process
[[nodiscard]] base::Fd open_stat_of(int pidfd);

}  // namespace mcpbox::launcher
