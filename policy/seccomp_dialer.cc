// All that the dialer, and the processes that it forks to look names up, may ask of the kernel.  Anything
// else: the process is killed.  It is the one place where sockets to other machines are made; it holds
// nothing that would be worth sending over them.
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cerrno>
#include <csignal>

#include "policy/syscall_tables.h"

namespace mcpbox::policy {
namespace {

constexpr int kPlainFork = CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | SIGCHLD;  // what fork() passes
constexpr std::uint64_t kFlags = SOCK_CLOEXEC | SOCK_NONBLOCK;

// clang-format off
constexpr SyscallRule kRules[] = {
    // call                            then                only if                                      why

    // Connections: TCP, and what name services use.  No bind, no listen, no raw socket.
    { SCMP_SYS(socket),          kAllow,             all_of(equals(0, AF_INET), apart_from(1, kFlags, SOCK_STREAM)),  "the connections that it is for; DNS over TCP" },
    { SCMP_SYS(socket),          kAllow,             all_of(equals(0, AF_INET6), apart_from(1, kFlags, SOCK_STREAM)), "the connections that it is for; DNS over TCP" },
    { SCMP_SYS(socket),          kAllow,             all_of(equals(0, AF_INET), apart_from(1, kFlags, SOCK_DGRAM)),   "DNS" },
    { SCMP_SYS(socket),          kAllow,             all_of(equals(0, AF_INET6), apart_from(1, kFlags, SOCK_DGRAM)),  "DNS" },
    { SCMP_SYS(socket),          kAllow,             all_of(equals(0, AF_UNIX), apart_from(1, kFlags, SOCK_STREAM)),  "name services of the machine: the only sockets that its root shows" },
    { SCMP_SYS(socket),          fail(EAFNOSUPPORT), equals(0, AF_NETLINK),                       "getaddrinfo would sort addresses by our interfaces" },
    { SCMP_SYS(connect),         kAllow,             {},                                          "the connections that it is for; name servers" },
    { SCMP_SYS(getsockopt),      kAllow,             all_of(equals(1, SOL_SOCKET), equals(2, SO_ERROR)),     "whether a connection was made" },
    { SCMP_SYS(setsockopt),      kAllow,             all_of(equals(1, IPPROTO_TCP), equals(2, TCP_NODELAY)), "requests leave without delay" },
    { SCMP_SYS(setsockopt),      kAllow,             equals(1, IPPROTO_IP),                       "the resolver wants to hear that nobody listens" },
    { SCMP_SYS(setsockopt),      kAllow,             equals(1, IPPROTO_IPV6),                     "the resolver wants to hear that nobody listens" },
    { SCMP_SYS(getsockname),     kAllow,             {},                                          "getaddrinfo sorts addresses by what we would use" },
    { SCMP_SYS(getpeername),     kAllow,             {},                                          "a resolver looks whom it asked" },
    { SCMP_SYS(sendto),          kAllow,             lacks(3, MSG_FASTOPEN),                      "DNS questions" },
    { SCMP_SYS(sendmmsg),        kAllow,             lacks(3, MSG_FASTOPEN),                      "DNS questions, two at once" },
    { SCMP_SYS(recvfrom),        kAllow,             {},                                          "DNS answers" },
    { SCMP_SYS(sendmsg),         kAllow,             lacks(2, MSG_FASTOPEN),                      "messages of its links, a connection with them" },
    { SCMP_SYS(recvmsg),         kAllow,             {},                                          "messages of its links" },
    { SCMP_SYS(read),            kAllow,             {},                                          "files of the name services; the loop's own pipe; a helper's answer" },
    { SCMP_SYS(write),           kAllow,             {},                                          "a helper's answer; the loop's own pipe; log lines" },
    { SCMP_SYS(readv),           kAllow,             {},                                          "as read" },
    { SCMP_SYS(writev),          kAllow,             {},                                          "DNS over TCP" },
    { SCMP_SYS(close),           kAllow,             {},                                          "connections that were handed on" },
    { SCMP_SYS(ioctl),           kAllow,             equals(1, FIONREAD),                         "the resolver asks how long an answer is" },
    { SCMP_SYS(fcntl),           kAllow,             equals(1, F_GETFL),                          "set a socket non-blocking: look" },
    { SCMP_SYS(fcntl),           kAllow,             equals(1, F_SETFL),                          "set a socket non-blocking: do" },
    { SCMP_SYS(fcntl),           kAllow,             equals(1, F_GETFD),                          "set close-on-exec: look" },
    { SCMP_SYS(fcntl),           kAllow,             equals(1, F_SETFD),                          "set close-on-exec: do" },

    // Files: those that its root shows, and only to read them.
    { SCMP_SYS(openat),          kAllow,             lacks(2, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND), "resolv.conf, hosts, nsswitch.conf and their like" },
    { SCMP_SYS(newfstatat),      kAllow,             {},                                          "whether resolv.conf has changed" },
    { SCMP_SYS(lseek),           kAllow,             {},                                          "hosts is read from its beginning" },
    { SCMP_SYS(access),          fail(ENOENT),       {},                                          "probes for files that are not there" },
    { SCMP_SYS(readlink),        fail(EINVAL),       {},                                          "probes for files that are not there" },
    { SCMP_SYS(uname),           kAllow,             {},                                          "the machine's own domain, where resolv.conf has none" },

    // One process for each name.
    { SCMP_SYS(clone),           kAllow,             equals_word(0, kPlainFork),                  "fork(), no thread, no namespace" },
    { SCMP_SYS(set_robust_list), kAllow,             {},                                          "fork() in the child" },
    { SCMP_SYS(pipe2),           kAllow,             {},                                          "a helper's answer" },
    { SCMP_SYS(kill),            kAllow,             equals(1, SIGKILL),                          "a helper that takes too long" },
    { SCMP_SYS(wait4),           kAllow,             {},                                          "a helper is gone" },

    // The event loop, made before the jail.
    { SCMP_SYS(epoll_wait),      kAllow,             {},                                          "event loop" },
    { SCMP_SYS(epoll_ctl),       kAllow,             {},                                          "event loop" },
    { SCMP_SYS(poll),            kAllow,             {},                                          "a helper waits for name servers" },
    { SCMP_SYS(ppoll),           kAllow,             {},                                          "a helper waits for systemd's name service" },
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
    { SCMP_SYS(futex),           kAllow,             equals(1, 128),                              "WAIT, private: locks of the C library" },
    { SCMP_SYS(futex),           kAllow,             equals(1, 129),                              "WAKE, private: locks of the C library" },
    { SCMP_SYS(futex),           kAllow,             equals(1, 137),                              "WAIT_BITSET, private: locks of the C library" },
    { SCMP_SYS(getrandom),       kAllow,             {},                                          "numbers of DNS questions" },

    // Time, where the vDSO cannot tell it, and itself.
    { SCMP_SYS(clock_gettime),   kAllow,             lacks(0, kNoOwnClock),                       "deadlines" },
    { SCMP_SYS(gettimeofday),    kAllow,             {},                                          "libevent's cached time" },
    { SCMP_SYS(time),            kAllow,             {},                                          "the resolver" },
    { SCMP_SYS(getpid),          kAllow,             {},                                          "abort() on a broken invariant" },
    { SCMP_SYS(gettid),          kAllow,             {},                                          "fork(), abort()" },
    { SCMP_SYS(getuid),          kAllow,             {},                                          "name services ask who they work for" },
    { SCMP_SYS(geteuid),         kAllow,             {},                                          "name services ask who they work for" },
    { SCMP_SYS(rt_sigprocmask),  kAllow,             {},                                          "fork() and abort() hold signals back" },
    { SCMP_SYS(tgkill),          kAllow,             equals(2, SIGABRT),                          "abort() on a broken invariant" },
    { SCMP_SYS(exit_group),      kAllow,             {},                                          "leave" },
};
// clang-format on

}  // namespace

constexpr SyscallTable kDialerCalls{.name = "dialer", .otherwise = kKill, .rules = kRules};

}  // namespace mcpbox::policy
