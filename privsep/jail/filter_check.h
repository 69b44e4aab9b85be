// Does a filter say what its table says?  Asked twice at every start: of the program, by evaluating it before
// it is loaded (every row, every condition, at its edges), and of the kernel afterwards, by making the calls
// whose answer is an error, which are the only ones that leave the asker alive.
#pragma once

#include <linux/filter.h>

#include <span>
#include <vector>

#include "policy/syscall_rule.h"
#include "privsep/jail/bpf_evaluator.h"

namespace mcpbox::jail {

// What the table says about one call, read the way syscall_rule.h describes it.
[[nodiscard]] policy::Then answer(const policy::SyscallTable& table, int call,
                                  const CallArguments& arguments);

// Evaluates the program: for each row with its condition met, and with each bit that the condition looks at
// flipped; for numbers that no row names; for other architectures.
//   returns  -1 when it agrees with the table everywhere, else a call about which it does not
[[nodiscard]] int first_difference(std::span<const sock_filter> program, const policy::SyscallTable& table);

// A call that the table answers with an error, and that would be harmless if the kernel carried it out after
// all: its other arguments are no address, no process and no descriptor.
struct Probe {
  int call;
  CallArguments arguments;
  int expected_errno;
};

// One for each row that fails, and one for each term of each condition that falls to an error when it is not
// met.  Where the table kills instead there is none.
[[nodiscard]] std::vector<Probe> probes(const policy::SyscallTable& table);

// Makes the calls.
//   returns  -1 when each got its error, else the first call that did not
[[nodiscard]] int first_not_in_force(const policy::SyscallTable& table);

// "madvise"; never freed: it is for the last words of a process that could not enter its jail.
[[nodiscard]] const char* name_of_call(int call);

}  // namespace mcpbox::jail
