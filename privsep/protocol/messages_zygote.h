// Between monitor and zygote: what it is to load, making spare call children, and hearing how they ended.
#pragma once

#include "privsep/protocol/messages_common.h"

namespace mcpbox::protocol {

struct Loaded {
  Text<limits::kModuleNameBytes> missing;  // a package that is not installed here; then the zygote ends
  static auto fields(auto& m) { return std::tie(m.missing); }
};

// Monitor -> zygote, its first order, before there is an interpreter and before its jail: import these
// packages beside the default modules.  Names that are no identifier end the zygote.
struct LoadPackages {
  static constexpr Op kOp = Op::kLoadPackages;
  using Reply = Loaded;
  List<Text<limits::kModuleNameBytes>, limits::kPackagesPerFlavour> packages;
  static auto fields(auto& m) { return std::tie(m.packages); }
};

struct Forked {
  base::Fd pidfd;
  std::int32_t pid = 0;  // in the zygote's namespace, for the log only
  static auto fields(auto& m) { return std::tie(m.pidfd, m.pid); }
};

// Monitor -> zygote: fork one spare that serves this socket.
struct ForkSpare {
  static constexpr Op kOp = Op::kForkSpare;
  using Reply = Forked;
  std::uint64_t spare = 0;  // the monitor's number for it, told back by SpareEnded
  bool touch_pages = true;  // make what a call writes to its own while it waits; false: a job waits for it
  base::Fd socket;          // the spare's end; becomes its descriptor 3
  Maybe<base::Fd> egress;   // its second socket, whose other end may become egress's; its descriptor 4
  Maybe<base::Fd> group;    // cgroup.procs of its control group, where there is one
  static auto fields(auto& m) { return std::tie(m.spare, m.touch_pages, m.socket, m.egress, m.group); }
};

// Zygote -> monitor: a notice, not answered.
struct SpareEnded {
  static constexpr Op kOp = Op::kSpareEnded;
  using Reply = Done;
  std::uint64_t spare = 0;
  std::int32_t wait_status = 0;  // as wait(2) gives it
  std::uint64_t peak_memory_bytes = 0;
  std::uint64_t cpu_us = 0;
  static auto fields(auto& m) { return std::tie(m.spare, m.wait_status, m.peak_memory_bytes, m.cpu_us); }
};

}  // namespace mcpbox::protocol
