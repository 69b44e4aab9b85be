// A cgroup v2 for every call, where the launcher's own cgroup was delegated to it (systemd: Delegate=memory
// pids): limits that the kernel keeps over a call as a whole, and over all calls together.
//
//   OURS/                  delegated; holds no process itself, as cgroup v2 wants it
//   OURS/main/             the launcher, and whatever it starts
//   OURS/calls/            all calls together: half of the machine's memory, no swap
//   OURS/calls/0/ ...      one call each, used again when it is empty: its memory, no swap, one process
//
// A call child moves itself into its slot before its jail, through the slot's cgroup.procs.  The kernel looks
// at who opened that file: not root, but whoever runs calls, whose group may write those files: it may move
// what is in OURS and nothing else of the machine.  So it is no more than that what a stolen monitor or
// zygote holds.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "privsep/base/fd.h"
#include "privsep/launcher/accounts.h"
#include "privsep/launcher/outcome.h"

namespace mcpbox::launcher {

// What is asked of the kernel; tests ask for less, because no test can have every controller everywhere.
struct CallGroupPlan {
  Identity owner;  // whoever runs calls: its group may write OURS/cgroup.procs and each slot's
  unsigned slots;
  std::uint64_t memory_of_one;  // bytes, the interpreter's own pages that a call touches included
  std::uint64_t memory_of_all;  // bytes
  std::vector<std::string_view> controllers = {"memory", "pids"};
};

// For this machine: policy/limits.h, and half of the memory that sysinfo names, or less where the
// configuration says so (0: it does not).
[[nodiscard]] CallGroupPlan plan_for_this_machine(Identity owner, unsigned calls_memory_mb);

// The folder of the cgroup that a process is in, out of its /proc/self/mountinfo and /proc/self/cgroup.
//   returns  an absolute path; or why there is none
[[nodiscard]] Outcome<std::string> cgroup_folder(std::string_view mountinfo, std::string_view cgroup);

// Was this cgroup given to whoever is in it?  systemd says so in an extended attribute.
[[nodiscard]] bool is_delegated(const std::string& folder);

class CallGroups {
 public:
  // For the cgroup that this process is in, if it was delegated.
  [[nodiscard]] static Outcome<CallGroups> make_here(Identity owner, unsigned calls_memory_mb);

  // Makes all of the above in `folder`, moves this process into main/, and reads every limit back.
  //   returns  the slots; or a sentence that says which controller, file or limit was not to be had: then
  //   nothing
  //            is left behind
  [[nodiscard]] static Outcome<CallGroups> make(const std::string& folder, const CallGroupPlan& plan);

  CallGroups(CallGroups&&) = default;
  CallGroups& operator=(CallGroups&&) = default;

  // Each slot's cgroup.procs, open for reading and writing, close-on-exec.
  [[nodiscard]] const std::vector<base::Fd>& slots() const { return slots_; }

  // A socket in which every slot waits as a descriptor, for the monitor (wire/spawn.h: kMonitorGroupsFd).
  [[nodiscard]] static Outcome<base::Fd> pack(const std::vector<base::Fd>& slots);

  // After the last call has ended: ends what is still in a slot, removes every folder, and moves this process
  // back.
  //   returns  whether nothing is left
  bool remove();

 private:
  explicit CallGroups(std::string folder) : folder_(std::move(folder)) {}
  [[nodiscard]] Outcome<void> build(const CallGroupPlan& plan);
  [[nodiscard]] Outcome<void> limit_slot(const CallGroupPlan& plan, const std::string& slot) const;
  [[nodiscard]] Outcome<void> build_slot(const CallGroupPlan& plan, unsigned number);

  std::string folder_;
  std::vector<std::string_view> controllers_;
  unsigned made_ = 0;  // slots whose folder exists
  std::vector<base::Fd> slots_;
};

}  // namespace mcpbox::launcher
