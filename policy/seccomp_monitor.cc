// All that the monitor may ask of the kernel once it serves.  Anything else: the process is killed, and
// everything with it, so what an honest library may try on its way is answered with an error instead. It
// holds the keys: it makes stream sockets of one kind only (the database), opens no file, starts nothing.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "policy/syscall_tables.h"

namespace mcpbox::policy {
namespace {

// linux/futex.h: operations on memory of this process only, and without priority inheritance.
constexpr int kWaitPrivate = 128;
constexpr int kWakePrivate = 129;
constexpr int kWaitBitsetPrivate = 137;
constexpr int kWaitBitsetPrivateRealtime = 393;

// A stream socket, whatever else is asked of it.
constexpr Condition stream(int family) {
  return all_of(equals(0, family), apart_from(1, SOCK_NONBLOCK | SOCK_CLOEXEC, SOCK_STREAM));
}
// One that is TCP and nothing else: Landlock, which pins the port, does not look at MPTCP.
constexpr Condition tcp(int family) {
  return all_of(equals(0, family), apart_from(1, SOCK_NONBLOCK | SOCK_CLOEXEC, SOCK_STREAM), equals(2, 0));
}

// clang-format off
// The database on a Unix socket, made anew when the server restarts.  The default.
constexpr SyscallRule kUnixRules[] = {
    // call                            then           only if                                      why
    { SCMP_SYS(socket),            kAllow,        stream(AF_UNIX),                            "to PostgreSQL" },
    { SCMP_SYS(socket),            fail(EACCES),  equals(0, AF_INET),                         "name services try it: none" },
    { SCMP_SYS(socket),            fail(EACCES),  equals(0, AF_INET6),                        "name services try it: none" },
    { SCMP_SYS(sendto),            kAllow,        all_of(equals_word(4, 0), lacks(3, MSG_FASTOPEN)), "statements to PostgreSQL" },
    { SCMP_SYS(sendmsg),           kAllow,        lacks(2, MSG_FASTOPEN),                     "frames, with descriptors" },
};

// The database over TCP, when the configuration names one.  To send with MSG_FASTOPEN is to connect where
// Landlock does not look.
constexpr SyscallRule kTcpRules[] = {
    // call                            then           only if                                      why
    { SCMP_SYS(socket),            kAllow,        tcp(AF_INET),                               "to PostgreSQL" },
    { SCMP_SYS(socket),            kAllow,        tcp(AF_INET6),                              "to PostgreSQL" },
    { SCMP_SYS(socket),            fail(EACCES),  equals(0, AF_UNIX),                         "name services try it: none" },
    { SCMP_SYS(setsockopt),        kAllow,        all_of(equals(1, IPPROTO_TCP), equals(2, TCP_NODELAY)), "statements leave without delay" },
    { SCMP_SYS(sendto),            kAllow,        all_of(equals_word(4, 0), lacks(3, MSG_FASTOPEN)),      "statements to PostgreSQL" },
    { SCMP_SYS(sendmsg),           kAllow,        lacks(2, MSG_FASTOPEN),                     "frames, with descriptors" },
};

constexpr SyscallRule kCommonRules[] = {
    // call                            then           only if                                      why

    // The database, however it is reached.
    { SCMP_SYS(socket),            fail(EACCES),  equals(0, AF_NETLINK),                      "name services try it: none" },
    { SCMP_SYS(connect),           kAllow,        {},                                         "to PostgreSQL" },
    { SCMP_SYS(recvfrom),          kAllow,        {},                                         "rows from PostgreSQL" },
    { SCMP_SYS(poll),              kAllow,        {},                                         "PostgreSQL before the loop runs" },
    { SCMP_SYS(setsockopt),        kAllow,        equals(1, SOL_SOCKET),                      "buffer sizes" },
    { SCMP_SYS(getsockopt),        kAllow,        equals(1, SOL_SOCKET),                      "SO_ERROR; who is at the other end: SO_PEERCRED, SO_PEERGROUPS" },

    // Children and mcpboxctl.
    { SCMP_SYS(accept4),           kAllow,        equals(3, SOCK_NONBLOCK | SOCK_CLOEXEC),    "mcpboxctl, never inheritable" },
    { SCMP_SYS(socketpair),        kAllow,        equals(0, AF_UNIX),                         "the link of a call child" },
    { SCMP_SYS(recvmsg),           kAllow,        {},                                         "frames, with descriptors" },
    { SCMP_SYS(getsockname),       kAllow,        {},                                         "which address a client came to" },
    { SCMP_SYS(getpeername),       kAllow,        {},                                         "which address a client has" },
    { SCMP_SYS(shutdown),          kAllow,        {},                                         "end of a link" },
    { SCMP_SYS(pidfd_send_signal), kAllow,        equals(1, SIGKILL),                         "end a call or a child" },
    { SCMP_SYS(ioctl),             kAllow,        equals(1, FIONREAD),                        "evbuffer asks how much is waiting" },
    { SCMP_SYS(read),              kAllow,        {},                                         "the loop's own pipe, links" },
    { SCMP_SYS(write),             kAllow,        {},                                         "the loop's own pipe, log lines" },
    { SCMP_SYS(readv),             kAllow,        {},                                         "evbuffer" },
    { SCMP_SYS(writev),            kAllow,        {},                                         "evbuffer" },
    { SCMP_SYS(close),             kAllow,        {},                                         "links that ended" },
    { SCMP_SYS(fcntl),             kAllow,        equals(1, F_GETFL),                         "set a socket non-blocking: look" },
    { SCMP_SYS(fcntl),             kAllow,        equals(1, F_SETFL),                         "set a socket non-blocking: do" },
    { SCMP_SYS(fcntl),             kAllow,        equals(1, F_GETFD),                         "set close-on-exec: look" },
    { SCMP_SYS(fcntl),             kAllow,        equals(1, F_SETFD),                         "set close-on-exec: do" },
    { SCMP_SYS(fcntl),             kAllow,        equals(1, F_DUPFD_CLOEXEC),                 "keep a socket while a copy travels" },

    // The audit head: one file, inherited open.
    { SCMP_SYS(lseek),             kAllow,        {},                                         "audit head" },
    { SCMP_SYS(pread64),           kAllow,        {},                                         "audit head" },
    { SCMP_SYS(pwrite64),          kAllow,        {},                                         "audit head" },
    { SCMP_SYS(ftruncate),         kAllow,        {},                                         "audit head; the space reserve is given up" },
    { SCMP_SYS(fallocate),         kAllow,        equals(1, 0),                               "the space reserve is held" },
    { SCMP_SYS(fstatfs),           kAllow,        {},                                         "how much space is left on the database's disk" },
    { SCMP_SYS(fsync),             kAllow,        {},                                         "audit head" },
    { SCMP_SYS(fdatasync),         kAllow,        {},                                         "audit head" },

    // The event loop, made before the jail.
    { SCMP_SYS(epoll_wait),        kAllow,        {},                                         "event loop" },
    { SCMP_SYS(epoll_ctl),         kAllow,        {},                                         "event loop" },
    { SCMP_SYS(restart_syscall),   kAllow,        {},                                         "a wait goes on after a stop signal" },
    { SCMP_SYS(rt_sigreturn),      kAllow,        {},                                         "the handler for SIGTERM returns" },

    // Memory: never executable.  Keys made later live in locked pages that are closed when not in use.
    { SCMP_SYS(brk),               kAllow,        {},                                         "heap" },
    { SCMP_SYS(mmap),              kAllow,        all_of(lacks(2, PROT_EXEC), equals(4, -1)), "heap, never executable, never a file" },
    { SCMP_SYS(mremap),            kAllow,        within(3, MREMAP_MAYMOVE),                  "heap: realloc" },
    { SCMP_SYS(munmap),            kAllow,        {},                                         "heap" },
    { SCMP_SYS(mprotect),          kAllow,        lacks(2, PROT_EXEC),                        "key pages, guard pages, never executable" },
    { SCMP_SYS(madvise),           kAllow,        equals(2, MADV_DONTNEED),                   "heap: give pages back" },
    { SCMP_SYS(madvise),           kAllow,        equals(2, MADV_FREE),                       "heap: give pages back" },
    { SCMP_SYS(madvise),           kAllow,        equals(2, MADV_DONTDUMP),                   "key pages: not into a core file" },
    { SCMP_SYS(madvise),           kAllow,        equals(2, MADV_DODUMP),                     "key pages: given back" },
    { SCMP_SYS(mlock),             kAllow,        {},                                         "key pages: not into swap" },
    { SCMP_SYS(munlock),           kAllow,        {},                                         "key pages: given back" },
    { SCMP_SYS(futex),             kAllow,        equals(1, kWaitPrivate),                    "locks of the C library" },
    { SCMP_SYS(futex),             kAllow,        equals(1, kWakePrivate),                    "locks of the C library" },
    { SCMP_SYS(futex),             kAllow,        equals(1, kWaitBitsetPrivate),              "locks of the C library" },
    { SCMP_SYS(futex),             kAllow,        equals(1, kWaitBitsetPrivateRealtime),      "locks of the C library" },
    { SCMP_SYS(getrandom),         kAllow,        {},                                         "nonces, tickets, placeholders" },

    // Time, where the vDSO cannot tell it.
    { SCMP_SYS(clock_gettime),     kAllow,        {},                                         "deadlines, records" },
    { SCMP_SYS(gettimeofday),      kAllow,        {},                                         "libevent's cached time" },
    { SCMP_SYS(time),              kAllow,        {},                                         "PostgreSQL's client library" },

    // What libraries try on their way and can do without.
    { SCMP_SYS(openat),            fail(ENOENT),  {},                                         "passfile, OpenSSL's configuration, time zone: say none" },
    { SCMP_SYS(newfstatat),        fail(ENOENT),  {},                                         "the same" },
    { SCMP_SYS(access),            fail(ENOENT),  {},                                         "the same" },
    { SCMP_SYS(readlink),          fail(ENOENT),  {},                                         "the same" },
    { SCMP_SYS(sysinfo),           fail(EPERM),   {},                                         "qsort asks how much memory there is" },
    { SCMP_SYS(uname),             fail(EPERM),   {},                                         "OpenSSL asks which kernel this is" },
    { SCMP_SYS(prctl),             fail(EPERM),   {},                                         "OpenSSL names its memory" },
    { SCMP_SYS(rt_sigaction),      kAllow,        {},                                         "PostgreSQL's client library and SIGPIPE" },
    { SCMP_SYS(getuid),            kAllow,        {},                                         "PostgreSQL's client library asks who we are" },
    { SCMP_SYS(geteuid),           kAllow,        {},                                         "the same" },
    { SCMP_SYS(getgid),            kAllow,        {},                                         "OpenSSL asks whether we are setgid" },
    { SCMP_SYS(getegid),           kAllow,        {},                                         "the same" },

    // The end.
    { SCMP_SYS(exit_group),        kAllow,        {},                                         "leave" },
    { SCMP_SYS(getpid),            kAllow,        {},                                         "abort() on a broken invariant" },
    { SCMP_SYS(gettid),            kAllow,        {},                                         "abort() on a broken invariant" },
    { SCMP_SYS(rt_sigprocmask),    kAllow,        {},                                         "abort() on a broken invariant" },
    { SCMP_SYS(tgkill),            kAllow,        equals(2, SIGABRT),                         "abort() on a broken invariant" },
};
// clang-format on

template <std::size_t A, std::size_t B>
constexpr std::array<SyscallRule, A + B> both(const SyscallRule (&first)[A], const SyscallRule (&second)[B]) {
  std::array<SyscallRule, A + B> all{};
  std::ranges::copy(second, std::ranges::copy(first, all.begin()).out);
  return all;
}

constexpr auto kWithUnix = both(kUnixRules, kCommonRules);
constexpr auto kWithTcp = both(kTcpRules, kCommonRules);

}  // namespace

constexpr SyscallTable kMonitorCalls{.name = "monitor", .otherwise = kKill, .rules = kWithUnix};
constexpr SyscallTable kMonitorTcpCalls{.name = "monitor-tcp", .otherwise = kKill, .rules = kWithTcp};

}  // namespace mcpbox::policy
