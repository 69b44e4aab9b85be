// The way of one forked call child from the zygote's jail into its own.  Everything that takes time or memory
// is made once, in the zygote; the child only makes system calls.
//
//   base::Result<CallJail> calls = CallJail::prepare(policy::kCallLimits, missing_allowed);  // before
//   enter()
//   ... calls->ruleset_fd() goes into the zygote's keep_fds ...
//   if (fork() == 0) { calls->enter(socket); serve(kCallLinkFd); _exit(0); }
#pragma once

#include <linux/filter.h>
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <span>

#include "policy/layers.h"
#include "policy/rlimits.h"
#include "privsep/base/error.h"
#include "privsep/base/fd.h"
#include "privsep/jail/offers.h"

namespace mcpbox::jail {

inline constexpr int kCallLinkFd = 3;    // of a call child: its socket to the monitor
inline constexpr int kCallEgressFd = 4;  // and the one to egress, where it has one; no other descriptor

// How far a call child came; each step is looked at from inside after it is taken.  Each but kDone is also
// the exit status of a child that refused to go on.
enum class CallStep : int {
  kDone = 0,
  kLink = 80,         // its socket could not be put at kCallLinkFd
  kParentDeath = 81,  // it could outlive the zygote
  kLandlock = 82,     // it could signal its siblings
  kDescriptors = 83,  // a descriptor of the zygote could not be closed
  kLimits = 84,       // a limit is not what it should be
  kSeccomp = 85,      // the second filter is not in force
  kGroup = 86,        // it could not enter its control group
};

class CallJail {
 public:
  // In the zygote, before its own jail: makes the Landlock ruleset and the stage-2 program, and gives up huge
  // pages for all who are forked from it: what the kernel counts of a child's faults is then what it took
  // (monitor/memory_watch.h), and one byte written to does not copy two megabytes.
  //   limits           must outlive this (a table of policy/rlimits.h)
  //   missing_allowed  kLandlock there: a kernel without it is no error
  //   offers           which forms to take: what the kernel has, or less
  [[nodiscard]] static base::Result<CallJail> prepare(std::span<const policy::ResourceLimit> limits,
                                                      policy::Layers missing_allowed,
                                                      const KernelOffers& offers);
  [[nodiscard]] static base::Result<CallJail> prepare(std::span<const policy::ResourceLimit> limits,
                                                      policy::Layers missing_allowed) {
    return prepare(limits, missing_allowed, kernel_offers());
  }

  // Must stay open until the last call: -1 when the kernel has no Landlock and that was allowed.
  [[nodiscard]] int ruleset_fd() const { return ruleset_.get(); }

  // In the forked child, before enter(): moves it into a control group, and looks whether it is there.  Does
  // not return when it is not.
  //   procs_fd  its cgroup.procs, opened by the launcher for reading and writing
  static void join_group(int procs_fd) noexcept;

  // In the forked child, first thing: returns jailed, or does not return (exit status: the CallStep that
  // failed). Afterwards kCallLinkFd and, unless egress_fd is -1, kCallEgressFd are the only descriptors; 0, 1
  // and 2 are closed, so a tool cannot write to the log.
  void enter(int monitor_fd, int egress_fd = -1) const noexcept;
  // The same without the exit.  Only makes system calls: no allocation, no lock, no stdio.
  [[nodiscard]] CallStep try_enter(int monitor_fd, int egress_fd = -1) const noexcept;

 private:
  static constexpr std::size_t kMaxInstructions = 512;

  [[nodiscard]] bool enter_own_domain() const noexcept;

  base::Fd ruleset_;
  bool has_scopes_ = false;  // the ruleset keeps signals inside: that can be looked at
  std::array<sock_filter, kMaxInstructions> program_{};
  std::size_t instructions_ = 0;
  pid_t zygote_ = -1;
  std::span<const policy::ResourceLimit> limits_;
};

}  // namespace mcpbox::jail
