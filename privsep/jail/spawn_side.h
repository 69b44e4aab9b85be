// The first half of a process's way into its jail: what the launcher does between clone and exec.  Links libc
// only. The second half, done by the exec'd binary to itself, is jail.h.
//
//   as root    the child gets `uid`/`gid`, mapped to the same numbers in its user namespace
//   rootless   `uid`/`gid` must be the caller's own: the kernel maps no other, and supplementary groups stay
#pragma once

#include <sys/types.h>

#include <csignal>
#include <cstdint>
#include <span>

#include "policy/layers.h"
#include "privsep/base/error.h"
#include "privsep/base/fd.h"

namespace mcpbox::jail {

struct DescriptorMove {
  int from;  // in the launcher; stays open there
  int to;    // in the child
};
inline constexpr std::size_t kMaxDescriptorMoves = 32;

struct SpawnPlan {
  const char* path = nullptr;         // absolute; opened by the launcher, so its folders may be private
  const char* const* argv = nullptr;  // argv[0] first, null last
  const char* const* environment = nullptr;  // null: empty
  uid_t uid = 0;
  gid_t gid = 0;
  std::uint64_t namespaces = 0;                 // CLONE_NEW*, see namespaces_for()
  std::span<const DescriptorMove> descriptors;  // everything else is closed; 0 and 1 not listed: /dev/null;
                                                // 2 not listed: the launcher's own
  bool keep_cap_kill = false;                   // the monitor, as root: CAP_KILL and nothing else
  int parent_death_signal = SIGKILL;
  int oom_score_adj = 0;  // policy/oom_order.h; a lower one than we may give is left as it is
};

struct Spawned {
  pid_t pid = -1;
  base::Fd pidfd;  // close-on-exec
};

// Starts a process.  What runs in it after a successful return is the exec'd binary and nothing else: own
// session, default signals, empty mask, umask 077, working folder "/".  With a user namespace it holds
// CAP_SYS_ADMIN and CAP_SETPCAP in that namespace, as ambient capabilities, to finish its root; else none, or
// CAP_KILL.
//   errors   kBroken, "spawn: STEP: ..." with the errno, for whichever step failed in either process; the
//   child is
//            then reaped.  kInvalid for a plan that makes no sense.
//   needs    one thread.  SIGCHLD of a failed child may have been delivered to the launcher.
[[nodiscard]] base::Result<Spawned> spawn(const SpawnPlan& plan);

// The CLONE_NEW* flags that give the namespace layers among `layers`.
[[nodiscard]] std::uint64_t namespaces_for(policy::Layers layers);

}  // namespace mcpbox::jail
