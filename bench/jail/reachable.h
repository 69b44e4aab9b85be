// How much of the kernel a call child can reach.
#pragma once

namespace mcpbox::bench {

// Tries every system call number in a process with the call child's filter and counts those that the kernel
// runs.  In the program that is loaded every refusal is marked with an errno that no kernel gives, so that
// "refused by the filter" and "refused by the kernel" are told apart; what it lets through is what the real
// one lets through.  Calls that are allowed with certain arguments only are made with those.
[[nodiscard]] int syscalls_reachable();

}  // namespace mcpbox::bench
