// All that the admin process may ask of the kernel once it serves.  Anything else: the process is killed.
// It speaks to browsers that may be anybody's, so it makes no socket, opens no file, starts nothing, signals
// nobody.
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

// linux/futex.h: operations on memory of this process only, and without priority inheritance.
constexpr int kWaitPrivate = 128;
constexpr int kWakePrivate = 129;
constexpr int kWaitBitsetPrivate = 137;

// clang-format off
constexpr SyscallRule kRules[] = {
    // call                            then          only if                                      why

    // Clients: sockets come from the listeners that were inherited, and from nowhere else.
    { SCMP_SYS(accept4),         kAllow,       equals(3, SOCK_NONBLOCK | SOCK_CLOEXEC),     "new clients, never inheritable" },
    { SCMP_SYS(ioctl),           kAllow,       equals(1, FIONREAD),                         "evbuffer asks how much is waiting" },
    { SCMP_SYS(readv),           kAllow,       {},                                          "client bytes in" },
    { SCMP_SYS(writev),          kAllow,       {},                                          "client bytes out" },
    { SCMP_SYS(shutdown),        kAllow,       {},                                          "end of a reply" },
    { SCMP_SYS(getsockname),     kAllow,       {},                                          "which listener a client came to" },
    { SCMP_SYS(getpeername),     kAllow,       {},                                          "which address a client has" },
    { SCMP_SYS(getsockopt),      kAllow,       all_of(equals(1, SOL_SOCKET), equals(2, SO_ERROR)),     "why a connection broke" },
    { SCMP_SYS(setsockopt),      kAllow,       all_of(equals(1, SOL_SOCKET), equals(2, SO_KEEPALIVE)), "find dead clients" },
    { SCMP_SYS(setsockopt),      kAllow,       all_of(equals(1, SOL_SOCKET), equals(2, SO_LINGER)),    "drop a client at once" },
    { SCMP_SYS(setsockopt),      kAllow,       all_of(equals(1, IPPROTO_TCP), equals(2, TCP_NODELAY)), "events leave without delay" },
    { SCMP_SYS(setsockopt),      kAllow,       all_of(equals(1, IPPROTO_TCP), equals(2, TCP_USER_TIMEOUT)), "find dead clients" },

    // The monitor: one socket, inherited.
    { SCMP_SYS(sendmsg),         kAllow,       lacks(2, MSG_FASTOPEN),                      "requests to the monitor, a client's socket with them when somebody signs in" },
    { SCMP_SYS(recvmsg),         kAllow,       {},                                          "replies of the monitor" },
    { SCMP_SYS(sendto),          kAllow,       all_of(equals_word(4, 0), lacks(3, MSG_FASTOPEN)), "send(): only where a socket is connected to" },
    { SCMP_SYS(recvfrom),        kAllow,       {},                                          "recv()" },
    { SCMP_SYS(read),            kAllow,       {},                                          "the loop's own pipe" },
    { SCMP_SYS(write),           kAllow,       {},                                          "the loop's own pipe; log lines" },
    { SCMP_SYS(close),           kAllow,       {},                                          "clients that left" },
    { SCMP_SYS(fcntl),           kAllow,       equals(1, F_GETFL),                          "set a socket non-blocking: look" },
    { SCMP_SYS(fcntl),           kAllow,       equals(1, F_SETFL),                          "set a socket non-blocking: do" },
    { SCMP_SYS(fcntl),           kAllow,       equals(1, F_GETFD),                          "set close-on-exec: look" },
    { SCMP_SYS(fcntl),           kAllow,       equals(1, F_SETFD),                          "set close-on-exec: do" },
    { SCMP_SYS(fcntl),           kAllow,       equals(1, F_DUPFD_CLOEXEC),                  "keep a client's socket while a copy travels" },

    // The event loop, made before the jail.
    { SCMP_SYS(epoll_wait),      kAllow,       {},                                          "event loop" },
    { SCMP_SYS(epoll_ctl),       kAllow,       {},                                          "event loop" },
    { SCMP_SYS(poll),            kAllow,       {},                                          "wait for one answer" },
    { SCMP_SYS(restart_syscall), kAllow,       {},                                          "a wait goes on after a stop signal" },
    { SCMP_SYS(rt_sigreturn),    kAllow,       {},                                          "the handler for SIGTERM returns" },
    { SCMP_SYS(rt_sigaction),    kAllow,       {},                                          "signal events come and go" },

    // Memory: never executable.
    { SCMP_SYS(brk),             kAllow,       {},                                          "heap" },
    { SCMP_SYS(mmap),            kAllow,       all_of(lacks(2, PROT_EXEC), equals(4, -1)),  "heap, never executable, never a file" },
    { SCMP_SYS(mremap),          kAllow,       within(3, MREMAP_MAYMOVE),                   "heap: realloc" },
    { SCMP_SYS(munmap),          kAllow,       {},                                          "heap" },
    { SCMP_SYS(mprotect),        kAllow,       lacks(2, PROT_EXEC),                         "guard pages, never executable" },
    { SCMP_SYS(madvise),         kAllow,       equals(2, MADV_DONTNEED),                    "heap: give pages back" },
    { SCMP_SYS(madvise),         kAllow,       equals(2, MADV_FREE),                        "heap: give pages back" },
    { SCMP_SYS(futex),           kAllow,       equals(1, kWaitPrivate),                     "locks of the C library" },
    { SCMP_SYS(futex),           kAllow,       equals(1, kWakePrivate),                     "locks of the C library" },
    { SCMP_SYS(futex),           kAllow,       equals(1, kWaitBitsetPrivate),               "locks of the C library" },
    { SCMP_SYS(getrandom),       kAllow,       {},                                          "request identifiers, hash seeds" },

    // Time, where the vDSO cannot tell it.
    { SCMP_SYS(clock_gettime),   kAllow,       {},                                          "deadlines, Date header" },
    { SCMP_SYS(gettimeofday),    kAllow,       {},                                          "libevent's cached time" },
    { SCMP_SYS(time),            kAllow,       {},                                          "Date header" },

    // What libraries try on their way and can do without.
    { SCMP_SYS(openat),          fail(ENOENT), {},                                          "gmtime probes /etc/localtime: say none" },
    { SCMP_SYS(newfstatat),      fail(ENOENT), {},                                          "gmtime probes /etc/localtime: say none" },
    { SCMP_SYS(sysinfo),         fail(EPERM),  {},                                          "qsort asks how much memory there is" },

    // The end.
    { SCMP_SYS(exit_group),      kAllow,       {},                                          "leave" },
    { SCMP_SYS(getpid),          kAllow,       {},                                          "abort() on a broken invariant" },
    { SCMP_SYS(gettid),          kAllow,       {},                                          "abort() on a broken invariant" },
    { SCMP_SYS(rt_sigprocmask),  kAllow,       {},                                          "abort() on a broken invariant" },
    { SCMP_SYS(tgkill),          kAllow,       equals(2, SIGABRT),                          "abort() on a broken invariant" },
};
// clang-format on

}  // namespace

constexpr SyscallTable kAdminCalls{.name = "admin", .otherwise = kKill, .rules = kRules};

}  // namespace mcpbox::policy
