// How much memory a call costs that nobody else would have used.
#pragma once

#include "bench/jail/executor.h"

namespace mcpbox::bench {

// Anonymous memory of a process, in MiB: what a fork has to copy page tables for.
[[nodiscard]] double anonymous_mib(pid_t pid);

// Private memory (pages that no other process maps) of calls that wait in asyncio.sleep, in MiB each:
// `count` of them at the same time, in spares that had time to make their pages their own.
[[nodiscard]] Samples private_mib_of_waiting_calls(Executor& executor, int count);

}  // namespace mcpbox::bench
