// How fast calls that do not want to end, end.
#pragma once

#include "bench/jail/executor.h"

namespace mcpbox::bench {

// From SIGKILL through the pidfd of a call that computes without end until it is dead, in milliseconds.
[[nodiscard]] double kill_to_dead_ms(Executor& executor, protocol::Prepare& endless);
// The tool for it.
[[nodiscard]] protocol::Prepare endless_job(Executor& executor);

// From SIGKILL of a zygote of its own until its last child, each computing without end, is dead.
[[nodiscard]] double zygote_gone_ms();

}  // namespace mcpbox::bench
