// All that the password process may ask of the kernel while it answers its one question.  Anything else:
// killed. It sees a password and a hash, so it has one socket to the monitor, memory, and nothing else.
#include <seccomp.h>
#include <sys/mman.h>

#include <cerrno>
#include <csignal>

#include "policy/syscall_tables.h"

namespace mcpbox::policy {
namespace {

// linux/futex.h: operations on memory of this process only.
constexpr int kWakePrivate = 129;

// clang-format off
constexpr SyscallRule kRules[] = {
    // call                            then          only if                                      why
    { SCMP_SYS(read),            kAllow,       {},                                          "the question" },
    { SCMP_SYS(write),           kAllow,       {},                                          "the answer; log lines" },
    { SCMP_SYS(close),           kAllow,       {},                                          "the link" },
    { SCMP_SYS(restart_syscall), kAllow,       {},                                          "a wait goes on after a stop signal" },

    { SCMP_SYS(brk),             kAllow,       {},                                          "heap" },
    { SCMP_SYS(mmap),            kAllow,       all_of(lacks(2, PROT_EXEC), equals(4, -1)),  "Argon2id's work area, never executable" },
    { SCMP_SYS(mremap),          kAllow,       within(3, MREMAP_MAYMOVE),                   "heap: realloc" },
    { SCMP_SYS(munmap),          kAllow,       {},                                          "Argon2id's work area" },
    { SCMP_SYS(mprotect),        kAllow,       lacks(2, PROT_EXEC),                         "the password's page is closed when not in use" },
    { SCMP_SYS(madvise),         kAllow,       equals(2, MADV_DONTDUMP),                    "the password: not into a core file" },
    { SCMP_SYS(madvise),         kAllow,       equals(2, MADV_DODUMP),                      "the password's page is given back" },
    { SCMP_SYS(mlock),           kAllow,       {},                                          "the password: not into swap" },
    { SCMP_SYS(munlock),         kAllow,       {},                                          "the password's page is given back" },
    { SCMP_SYS(futex),           kAllow,       equals(1, kWakePrivate),                     "one-time initialisation of libraries" },
    { SCMP_SYS(getrandom),       kAllow,       {},                                          "the salt" },
    { SCMP_SYS(clock_gettime),   kAllow,       {},                                          "log lines" },

    { SCMP_SYS(openat),          fail(ENOENT), {},                                          "gmtime probes /etc/localtime: say none" },
    { SCMP_SYS(newfstatat),      fail(ENOENT), {},                                          "gmtime probes /etc/localtime: say none" },

    { SCMP_SYS(exit_group),      kAllow,       {},                                          "leave" },
    { SCMP_SYS(getpid),          kAllow,       {},                                          "abort() on a broken invariant" },
    { SCMP_SYS(gettid),          kAllow,       {},                                          "abort() on a broken invariant" },
    { SCMP_SYS(rt_sigprocmask),  kAllow,       {},                                          "abort() on a broken invariant" },
    { SCMP_SYS(tgkill),          kAllow,       equals(2, SIGABRT),                          "abort() on a broken invariant" },
};
// clang-format on

}  // namespace

constexpr SyscallTable kPasswordCalls{.name = "password", .otherwise = kKill, .rules = kRules};

}  // namespace mcpbox::policy
