// System-call filters: a table of policy/seccomp_*.cc becomes a BPF program, and the program is loaded.
#pragma once

#include <linux/filter.h>

#include <span>
#include <vector>

#include "policy/syscall_rule.h"
#include "privsep/base/error.h"

namespace mcpbox::jail {

// Translates a table with libseccomp, as a binary tree: the kernel walks the program once per call number
// when it is loaded, so depth is what loading costs.  A call made in another architecture's numbering (int
// 0x80, x32) kills.
//   errors  kBroken for a row that libseccomp refuses, for instance one that repeats another
[[nodiscard]] base::Result<std::vector<sock_filter>> compile(const policy::SyscallTable& table);

// Loads a program into this process and its later children, for good.  Needs no_new_privs.  Does not
// allocate.
//   returns  0 or an errno
[[nodiscard]] int load_filter(std::span<const sock_filter> program) noexcept;

// Makes the calls that the table answers with an error, and looks whether they get it (filter_check.h).
//   errors  kBroken, about the call that did not
[[nodiscard]] base::Result<void> verify_filter(const policy::SyscallTable& table);

// compile(), evaluates the program against its table, load_filter(), verify_filter().
//   needs  a table whose row for openat, or whose `otherwise`, is fail(...): nothing else could be observed
//   alive
[[nodiscard]] base::Result<void> enter_seccomp(const policy::SyscallTable& table);

}  // namespace mcpbox::jail
