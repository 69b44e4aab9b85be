// Between monitor and zygote: making spare call children, and hearing how they ended.
#pragma once

#include "privsep/protocol/messages_common.h"

namespace mcpbox::protocol {

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
  base::Fd socket;          // the spare's end; becomes its descriptor 3
  static auto fields(auto& m) { return std::tie(m.spare, m.socket); }
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
