// What each kind of process may use at most.  Soft and hard limit are the same, so nothing can be raised
// again. A limit that is already lower stays as it is.  Beyond a limit the system call fails; the exceptions
// say so.
#pragma once

#include <sys/resource.h>

#include <cstdint>

#include "policy/limits.h"

namespace mcpbox::policy {

struct ResourceLimit {
  int resource;           // RLIMIT_*
  std::uint64_t at_most;  // in the unit of that resource
  const char* reason;
};

using limits::kMiB;

// A call's control group, where there are any (launcher/call_groups.h).
inline constexpr std::uint64_t kCallGroupBytes =
    limits::kMemoryBytes + 64 * kMiB;  // and the interpreter's own pages that it touches; beyond: SIGKILL
inline constexpr unsigned kCallGroups = 384;  // made at the start, for calls and spares; beyond: "busy"

// RLIMIT_FSIZE stands only in the call's table: standard error of the others may be the log file itself, and
// a write beyond the limit is death by SIGXFSZ.
// clang-format off
inline constexpr ResourceLimit kMonitorLimits[] = {
    { RLIMIT_CORE,    0,           "a core file would hold the keys" },
    { RLIMIT_NPROC,   0,           "it starts nothing itself: it asks the launcher" },
    { RLIMIT_NOFILE,  8192,        "links, live calls, connections of mcpboxctl, descriptors in transit" },
    { RLIMIT_DATA,    4096 * kMiB, "bytes: a leak ends the monitor before it ends the machine" },
};
inline constexpr ResourceLimit kGatewayLimits[] = {
    { RLIMIT_CORE,    0,           "a core file would hold clients' tokens" },
    { RLIMIT_NPROC,   0,           "it starts nothing" },
    { RLIMIT_MEMLOCK, 0,           "no locked memory, which also refuses io_uring" },
    { RLIMIT_NOFILE,  8192,        "client connections, and some room to answer `busy`" },
    { RLIMIT_DATA,    1024 * kMiB, "bytes: request and reply bodies of all its clients" },
};
inline constexpr ResourceLimit kAdminLimits[] = {
    { RLIMIT_CORE,    0,           "a core file would hold passwords and sessions" },
    { RLIMIT_NPROC,   0,           "it starts nothing" },
    { RLIMIT_MEMLOCK, 0,           "no locked memory, which also refuses io_uring" },
    { RLIMIT_NOFILE,  8192,        "browsers' connections, and some room to answer `busy`" },
    { RLIMIT_DATA,    1024 * kMiB, "bytes: the files of the UI, request and reply bodies" },
};
inline constexpr ResourceLimit kZygoteLimits[] = {
    { RLIMIT_CORE,    0,           "a core file of a call would hold exposed secrets" },
    { RLIMIT_MEMLOCK, 0,           "no locked memory, which also refuses io_uring" },
    { RLIMIT_NPROC,   1024,        "call children alive at once, counted in its own user namespace" },
    { RLIMIT_NOFILE,  4096,        "a pidfd and, for a moment, a socket per call child" },
};
inline constexpr ResourceLimit kPasswordLimits[] = {
    { RLIMIT_CORE,    0,           "a core file would hold the password" },
    { RLIMIT_NPROC,   0,           "it starts nothing" },
    { RLIMIT_NOFILE,  16,          "one link and the standard three" },
    { RLIMIT_MEMLOCK, 65536,       "bytes: the password itself, never the work area of Argon2id" },
    { RLIMIT_DATA,    512 * kMiB,  "bytes: Argon2id takes 64 to 256 MiB" },
    { RLIMIT_CPU,     60,          "seconds, then death by SIGKILL: one question takes one" },
};
inline constexpr ResourceLimit kEgressLimits[] = {
    { RLIMIT_CORE,    0,           "a core file would hold secrets on their way" },
    { RLIMIT_NPROC,   0,           "it starts nothing" },
    { RLIMIT_MEMLOCK, 0,           "no locked memory, which also refuses io_uring" },
    { RLIMIT_NOFILE,  16384,       "connections and call children" },
    { RLIMIT_DATA,    1024 * kMiB, "bytes: windows of bodies of all calls" },
};
inline constexpr ResourceLimit kDialerLimits[] = {
    { RLIMIT_CORE,    0,           "nothing of it should outlive it" },
    { RLIMIT_NPROC,   64,          "a process for each name that is being looked up, counted in its own user namespace" },
    { RLIMIT_MEMLOCK, 0,           "no locked memory, which also refuses io_uring" },
    { RLIMIT_NOFILE,  4096,        "connections being made" },
    { RLIMIT_DATA,    256 * kMiB,  "bytes" },
};
// One call child, stage 2.  CPU counts from its fork.
inline constexpr ResourceLimit kCallLimits[] = {
    { RLIMIT_CPU,     limits::kTimeoutMaxMs / 1000, "seconds of computing, then SIGKILL: the deadline comes first" },
    { RLIMIT_AS,      1024 * kMiB, "bytes of address space: beyond it the tool meets MemoryError" },
    { RLIMIT_DATA,    limits::kMemoryBytes, "bytes of private writable memory: beyond it the tool meets MemoryError" },
    { RLIMIT_STACK,   8 * kMiB,    "bytes: the interpreter's own recursion limit comes first" },
    { RLIMIT_NOFILE,  8,           "two sockets; 0 would make poll() fail" },
    { RLIMIT_NPROC,   0,           "no thread and no process" },
    { RLIMIT_FSIZE,   0,           "no byte into any file" },
    { RLIMIT_CORE,    0,           "a core file would hold exposed secrets" },
    { RLIMIT_MEMLOCK, 0,           "no locked memory, which also refuses io_uring" },
};
// clang-format on

}  // namespace mcpbox::policy
