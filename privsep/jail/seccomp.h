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

// compile() and load_filter(), then looks: openat must give the error that the table says.
//   needs  a table whose row for openat, or whose `otherwise`, is fail(...): nothing else could be observed
//   alive
[[nodiscard]] base::Result<void> enter_seccomp(const policy::SyscallTable& table);

}  // namespace mcpbox::jail
