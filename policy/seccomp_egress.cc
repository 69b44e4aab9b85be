// All that egress may ask of the kernel once it serves.  Anything else: the process is killed.
// It speaks HTTP and TLS to servers that may be anybody: it makes no socket, connects none, opens no file,
// starts nothing, signals nobody.  What it is connected to, the dialer connected.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cerrno>
#include <csignal>

#include "policy/syscall_tables.h"

namespace mcpbox::policy {
namespace {

// clang-format off
constexpr SyscallRule kRules[] = {
    // call                            then                only if                                      why

    // Connections, which came over the dialer's link.
    { SCMP_SYS(recvfrom),        kAllow,             {},                                          "response bytes" },
    { SCMP_SYS(sendto),          kAllow,             all_of(equals_word(4, 0), lacks(3, MSG_FASTOPEN)), "request bytes, only where a socket is connected to" },
    { SCMP_SYS(sendmsg),         kAllow,             lacks(2, MSG_FASTOPEN),                      "request bytes; messages of its links" },
    { SCMP_SYS(recvmsg),         kAllow,             {},                                          "messages of its links, a connection or a call's socket with them" },
    { SCMP_SYS(read),            kAllow,             {},                                          "the loop's own pipe" },
    { SCMP_SYS(write),           kAllow,             {},                                          "the loop's own pipe; log lines" },
    { SCMP_SYS(readv),           kAllow,             {},                                          "as read" },
    { SCMP_SYS(writev),          kAllow,             {},                                          "as write" },
    { SCMP_SYS(close),           kAllow,             {},                                          "connections and calls that are over" },
    { SCMP_SYS(shutdown),        kAllow,             {},                                          "the end of a connection" },
    { SCMP_SYS(getsockname),     kAllow,             {},                                          "libcurl notes the ends of a connection" },
    { SCMP_SYS(getpeername),     kAllow,             {},                                          "libcurl notes the ends of a connection" },
    { SCMP_SYS(getsockopt),      kAllow,             all_of(equals(1, SOL_SOCKET), equals(2, SO_ERROR)),     "why a connection broke" },
    { SCMP_SYS(getsockopt),      fail(ENOPROTOOPT),  equals(1, IPPROTO_TCP),                      "libcurl asks for the segment size" },
    { SCMP_SYS(setsockopt),      kAllow,             all_of(equals(1, IPPROTO_TCP), equals(2, TCP_NODELAY)), "requests leave without delay" },
    { SCMP_SYS(ioctl),           kAllow,             equals(1, FIONREAD),                         "how much is waiting" },
    { SCMP_SYS(ioctl),           kAllow,             equals(1, FIONBIO),                          "set a socket non-blocking" },
    { SCMP_SYS(fcntl),           kAllow,             equals(1, F_GETFL),                          "set a socket non-blocking: look" },
    { SCMP_SYS(fcntl),           kAllow,             equals(1, F_SETFL),                          "set a socket non-blocking: do" },
    { SCMP_SYS(fcntl),           kAllow,             equals(1, F_GETFD),                          "set close-on-exec: look" },
    { SCMP_SYS(fcntl),           kAllow,             equals(1, F_SETFD),                          "set close-on-exec: do" },

    // What libcurl tries for itself and does without.
    { SCMP_SYS(socket),          fail(EAFNOSUPPORT), {},                                          "libcurl tries whether there is IPv6: the dialer knows" },
    { SCMP_SYS(socketpair),      fail(EMFILE),       {},                                          "libcurl's way to wake itself from another thread: there is none" },
    { SCMP_SYS(connect),         fail(EINPROGRESS),  {},                                          "libcurl 7.88 connects what it was told is connected, and then looks: it is" },
    { SCMP_SYS(openat),          fail(ENOENT),       {},                                          "the TLS library looks for files: it has all that it gets" },
    { SCMP_SYS(newfstatat),      fail(ENOENT),       {},                                          "the TLS library looks for files: it has all that it gets" },
    { SCMP_SYS(sysinfo),         fail(EPERM),        {},                                          "qsort asks how much memory there is" },

    // The event loop, made before the jail.
    { SCMP_SYS(epoll_wait),      kAllow,             {},                                          "event loop" },
    { SCMP_SYS(epoll_ctl),       kAllow,             {},                                          "event loop" },
    { SCMP_SYS(poll),            kAllow,             {},                                          "whether a kept connection is alive" },
    { SCMP_SYS(restart_syscall), kAllow,             {},                                          "a wait goes on after a stop signal" },
    { SCMP_SYS(rt_sigreturn),    kAllow,             {},                                          "a handler returns" },
    { SCMP_SYS(rt_sigaction),    kAllow,             {},                                          "signal events come and go" },

    // Memory: never executable.
    { SCMP_SYS(brk),             kAllow,             {},                                          "heap" },
    { SCMP_SYS(mmap),            kAllow,             all_of(lacks(2, PROT_EXEC), equals(4, -1)),  "heap, never executable, never a file" },
    { SCMP_SYS(mremap),          kAllow,             within(3, MREMAP_MAYMOVE),                   "heap: realloc" },
    { SCMP_SYS(munmap),          kAllow,             {},                                          "heap" },
    { SCMP_SYS(mprotect),        kAllow,             lacks(2, PROT_EXEC),                         "guard pages, never executable" },
    { SCMP_SYS(madvise),         kAllow,             equals(2, MADV_DONTNEED),                    "heap: give pages back" },
    { SCMP_SYS(madvise),         kAllow,             equals(2, MADV_FREE),                        "heap: give pages back" },
    { SCMP_SYS(futex),           kAllow,             equals(1, 128),                              "WAIT, private: locks of libraries" },
    { SCMP_SYS(futex),           kAllow,             equals(1, 129),                              "WAKE, private: locks of libraries" },
    { SCMP_SYS(futex),           kAllow,             equals(1, 137),                              "WAIT_BITSET, private: locks of libraries" },
    { SCMP_SYS(getrandom),       kAllow,             {},                                          "TLS" },

    // Time, where the vDSO cannot tell it, and itself.
    { SCMP_SYS(clock_gettime),   kAllow,             lacks(0, kNoOwnClock),                       "deadlines, validity of certificates" },
    { SCMP_SYS(gettimeofday),    kAllow,             {},                                          "libevent's cached time" },
    { SCMP_SYS(time),            kAllow,             {},                                          "validity of certificates" },
    { SCMP_SYS(getpid),          kAllow,             {},                                          "TLS asks whether it was forked; abort() on a broken invariant" },
    { SCMP_SYS(gettid),          kAllow,             {},                                          "abort() on a broken invariant" },
    { SCMP_SYS(rt_sigprocmask),  kAllow,             {},                                          "abort() on a broken invariant" },
    { SCMP_SYS(tgkill),          kAllow,             equals(2, SIGABRT),                          "abort() on a broken invariant" },
    { SCMP_SYS(exit_group),      kAllow,             {},                                          "leave" },
};
// clang-format on

}  // namespace

constexpr SyscallTable kEgressCalls{.name = "egress", .otherwise = kKill, .rules = kRules};

}  // namespace mcpbox::policy
