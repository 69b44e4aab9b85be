// Stage 1: all that the zygote may ask of the kernel once it serves, and the outer bound for every call it
// forks. Anything else fails with EPERM and does not kill: of two filters the stricter answer wins, so a kill
// here would take away the errors that stage 2 (seccomp_call.cc) gives to honest tools. The rows of stage 2
// must all be here too (tests/policy checks it); what stage 2 lacks is for the zygote alone.
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>
#include <csignal>

#include "policy/syscall_tables.h"

namespace mcpbox::policy {
namespace {

constexpr int kPlainFork = CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | SIGCHLD;  // what fork() passes
constexpr int kCallLink = 3;                                                     // jail::kCallLinkFd
constexpr int kCallEgress = 4;                                                   // jail::kCallEgressFd

// clang-format off
constexpr SyscallRule kRules[] = {
    // call                                 then     only if                                     why

    // One fork per call, and what the child does to enter its own jail.
    { SCMP_SYS(clone),                  kAllow, equals_word(0, kPlainFork),                "fork(), no thread, no namespace" },
    { SCMP_SYS(getppid),                kAllow, {},                                        "the child looks whether the zygote still lives" },
    { SCMP_SYS(prctl),                  kAllow, equals(0, PR_SET_PDEATHSIG),               "the child dies with the zygote" },
    { SCMP_SYS(prctl),                  kAllow, equals(0, PR_GET_PDEATHSIG),               "the child looks whether it does" },
    { SCMP_SYS(prctl),                  kAllow, equals(0, PR_SET_NAME),                    "the child's title" },
    { SCMP_SYS(pread64),                kAllow, {},                                        "the child looks whether it is in its control group" },
    { SCMP_SYS(dup2),                   kAllow, equals(1, kCallLink),                      "the child's socket to the monitor" },
    { SCMP_SYS(dup2),                   kAllow, equals(1, kCallEgress),                    "the child's socket to egress" },
    { SCMP_SYS(close_range),            kAllow, {},                                        "the child closes all others" },
    { SCMP_SYS(landlock_restrict_self), kAllow, {},                                        "the child's own domain: siblings cannot signal it" },
    { SCMP_SYS(kill),                   kAllow, equals(1, 0),                              "the child looks whether it could signal others" },
    { SCMP_SYS(prlimit64),              kAllow, equals(0, 0),                              "the child's own limits" },
    { SCMP_SYS(madvise),                kAllow, equals(2, MADV_POPULATE_READ),             "a spare maps what a call will read" },
    { SCMP_SYS(madvise),                kAllow, equals(2, MADV_POPULATE_WRITE),            "a spare makes its own what a call will write to" },
    { SCMP_SYS(seccomp),                kAllow, all_of(equals(0, SECCOMP_SET_MODE_FILTER), equals(1, 0)), "the child's stage 2" },

    // Orders from the monitor, endings to the monitor.
    { SCMP_SYS(recvmsg),                kAllow, {},                                        "an order, with the call's socket" },
    { SCMP_SYS(sendmsg),                kAllow, lacks(2, MSG_FASTOPEN),                    "an ending, a pidfd" },
    { SCMP_SYS(socketpair),             kAllow, equals(0, AF_UNIX),                        "the link of a spare child" },
    { SCMP_SYS(pidfd_open),             kAllow, {},                                        "the monitor's handle on a child" },
    { SCMP_SYS(wait4),                  kAllow, {},                                        "endings" },
    { SCMP_SYS(waitid),                 kAllow, {},                                        "endings" },
    { SCMP_SYS(kill),                   kAllow, equals(1, SIGKILL),                        "end a child" },
    { SCMP_SYS(pidfd_send_signal),      kAllow, equals(1, SIGKILL),                        "end a child" },
    { SCMP_SYS(rt_sigaction),           kAllow, {},                                        "signal dispositions around fork()" },
    { SCMP_SYS(rt_sigprocmask),         kAllow, {},                                        "fork() and abort() hold signals back" },
    { SCMP_SYS(tgkill),                 kAllow, equals(2, SIGABRT),                        "abort() on a broken invariant" },

    // Stage 2, row by row.
    { SCMP_SYS(read),                   kAllow, {},                                        "as in the call" },
    { SCMP_SYS(write),                  kAllow, {},                                        "as in the call; log lines" },
    { SCMP_SYS(close),                  kAllow, {},                                        "as in the call" },
    { SCMP_SYS(poll),                   kAllow, {},                                        "as in the call" },
    { SCMP_SYS(restart_syscall),        kAllow, {},                                        "as in the call" },
    { SCMP_SYS(brk),                    kAllow, {},                                        "as in the call" },
    { SCMP_SYS(munmap),                 kAllow, {},                                        "as in the call" },
    { SCMP_SYS(mmap),                   kAllow, all_of(lacks(2, PROT_EXEC), within(3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK), equals(4, -1)), "as in the call" },
    { SCMP_SYS(mremap),                 kAllow, within(3, MREMAP_MAYMOVE),                 "as in the call" },
    { SCMP_SYS(madvise),                kAllow, equals(2, MADV_DONTNEED),                  "as in the call" },
    { SCMP_SYS(madvise),                kAllow, equals(2, MADV_FREE),                      "as in the call" },
    { SCMP_SYS(futex),                  kAllow, equals(1, 128),                            "as in the call: WAIT, private" },
    { SCMP_SYS(futex),                  kAllow, equals(1, 129),                            "as in the call: WAKE, private" },
    { SCMP_SYS(futex),                  kAllow, equals(1, 137),                            "as in the call: WAIT_BITSET, private" },
    { SCMP_SYS(futex),                  kAllow, equals(1, 393),                            "as in the call: WAIT_BITSET, private, real time" },
    { SCMP_SYS(getpid),                 kAllow, {},                                        "as in the call" },
    { SCMP_SYS(gettid),                 kAllow, {},                                        "as in the call" },
    { SCMP_SYS(getrusage),              kAllow, equals(0, RUSAGE_SELF),                    "as in the call" },
    { SCMP_SYS(clock_gettime),          kAllow, lacks(0, kNoOwnClock),                     "as in the call" },
    { SCMP_SYS(clock_getres),           kAllow, lacks(0, kNoOwnClock),                     "as in the call" },
    { SCMP_SYS(clock_nanosleep),        kAllow, lacks(0, kNoOwnClock),                     "as in the call" },
    { SCMP_SYS(gettimeofday),           kAllow, {},                                        "as in the call" },
    { SCMP_SYS(time),                   kAllow, {},                                        "as in the call" },
    { SCMP_SYS(getrandom),              kAllow, {},                                        "as in the call" },
    { SCMP_SYS(exit),                   kAllow, {},                                        "as in the call" },
    { SCMP_SYS(exit_group),             kAllow, {},                                        "as in the call" },
};
// clang-format on

}  // namespace

constexpr SyscallTable kZygoteCalls{.name = "zygote", .otherwise = fail(EPERM), .rules = kRules};

}  // namespace mcpbox::policy
