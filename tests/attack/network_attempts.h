// What native code in a stolen egress or dialer tries, and how each attempt must end.
#pragma once

#include <cerrno>
#include <csignal>
#include <ostream>

namespace mcpbox::test {

inline constexpr int kGivenFd = 4;  // an unconnected TCP socket, as one from the dialer before it is used

// How an attempt ends: an errno, or one of these.
inline constexpr int kDone = 0;          // it did what it wanted
inline constexpr int kKilled = -SIGSYS;  // by the filter
inline constexpr int kItsWork = -1000;   // not tried: it is what this process is for
inline constexpr int kNotTried = -1001;  // outside of a jail it would change the machine
inline constexpr int kNotJailed = 201;   // exit status: it could not enter its jail
inline constexpr int kNoAttempt = 202;   // exit status: nobody knows this name

struct NetworkAttempt {
  const char* name;
  int in_egress;
  int in_dialer;
  int free;  // without a jail: the attempt is a real one
};
inline void PrintTo(const NetworkAttempt& one, std::ostream* out) { *out << one.name; }

// clang-format off
inline constexpr NetworkAttempt kNetworkAttempts[] = {
    // name                       in egress      in dialer      without a jail
    // a way out of its own
    { "a TCP socket",              EAFNOSUPPORT,  kItsWork,      kDone     },
    { "a raw socket",              EAFNOSUPPORT,  kKilled,       EPERM     },
    { "a packet socket",           EAFNOSUPPORT,  kKilled,       EPERM     },
    { "a netlink socket",          EAFNOSUPPORT,  EAFNOSUPPORT,  kDone     },
    { "a crypto socket",           EAFNOSUPPORT,  kKilled,       kNotTried },
    { "a vsock socket",            EAFNOSUPPORT,  kKilled,       kNotTried },
    { "a Unix datagram socket",    EAFNOSUPPORT,  kKilled,       kDone     },
    { "a socket pair",             EMFILE,        kKilled,       kDone     },
    { "an io_uring",               kKilled,       kKilled,       kNotTried },
    { "connect of a given socket", EINPROGRESS,   kItsWork,      kDone     },
    { "send to an address",        kKilled,       kItsWork,      kNotTried },
    { "sendto that connects",      kKilled,       kKilled,       kDone     },
    { "sendmsg that connects",     kKilled,       kKilled,       kDone     },
    { "an abstract socket",        EAFNOSUPPORT,  EPERM,         kDone     },
    { "the control socket",        EAFNOSUPPORT,  ENOENT,        kNotTried },
    // being a server
    { "bind",                      kKilled,       kKilled,       kDone     },
    { "listen",                    kKilled,       kKilled,       kDone     },
    { "accept",                    kKilled,       kKilled,       kNotTried },
    { "SO_REUSEPORT",              kKilled,       kKilled,       kDone     },
    { "SO_BINDTODEVICE",           kKilled,       kKilled,       kNotTried },
    // the machine's network
    { "a new route",               EBADF,         EPERM,         EPERM     },
    { "an address less",           EBADF,         EPERM,         EPERM     },
    { "a device down",             EBADF,         EPERM,         EPERM     },
    // files
    { "open passwd",               ENOENT,        kItsWork,      kDone     },
    { "open shadow",               ENOENT,        EACCES,        EACCES    },
    { "open the master key",       ENOENT,        ENOENT,        kNotTried },
    { "open proc",                 ENOENT,        ENOENT,        kDone     },
    { "open hosts to write",       ENOENT,        kKilled,       EACCES    },
    { "create a file",             ENOENT,        kKilled,       kDone     },
    { "open the old way",          kKilled,       kKilled,       kDone     },
    { "openat2",                   kKilled,       kKilled,       kDone     },
    { "a memory file",             kKilled,       kKilled,       kDone     },
    { "mount",                     kKilled,       kKilled,       EPERM     },
    { "chroot",                    kKilled,       kKilled,       EPERM     },
    // programs, processes, memory
    { "execve",                    kKilled,       kKilled,       kDone     },
    { "fork",                      kKilled,       kItsWork,      kDone     },
    { "a thread",                  kKilled,       kKilled,       kNotTried },
    { "SIGKILL",                   kKilled,       ESRCH,         EPERM     },
    { "SIGTERM",                   kKilled,       kKilled,       EPERM     },
    { "ptrace",                    kKilled,       kKilled,       EPERM     },
    { "process_vm_readv",          kKilled,       kKilled,       EPERM     },
    { "pidfd_open",                kKilled,       kKilled,       kDone     },
    { "code in new memory",        kKilled,       kKilled,       kDone     },
    { "code in old memory",        kKilled,       kKilled,       kDone     },
    // more power
    { "a user namespace",          kKilled,       kKilled,       kNotTried },
    { "setns",                     kKilled,       kKilled,       kNotTried },
    { "setuid",                    kKilled,       kKilled,       EPERM     },
    { "prctl",                     kKilled,       kKilled,       kDone     },
    { "bpf",                       kKilled,       kKilled,       kNotTried },
    { "a key",                     kKilled,       kKilled,       kNotTried },
    { "shared memory",             kKilled,       kKilled,       kNotTried },
    { "a performance counter",     kKilled,       kKilled,       kNotTried },
    { "userfaultfd",               kKilled,       kKilled,       kNotTried },
};
// clang-format on

}  // namespace mcpbox::test
