// All figures of bench-jail: collected round by round, printed at the end.
#pragma once

#include "bench/jail/calls.h"

namespace mcpbox::bench {

class Report {
 public:
  // Everything that is a ratio: both sides of it are measured here, close together.
  void add_round(BareFork& bare, Executor& executor, protocol::Prepare& job, protocol::Prepare& endless);
  // Memory, and system calls reachable.
  void add_once(Executor& executor);
  // How long the children of a dead zygote live.
  void add_zygotes();
  void print() const;

 private:
  void add_ratios(const CallRound& round);
  void add_programs(const CallRound& round);

  Samples bare_fork_us_, warm_us_, on_demand_us_, warm_cpu_us_, on_demand_cpu_us_, calls_per_second_;
  Samples warm_over_l_, on_demand_over_l_, cpu_over_l_, throughput_;
  Samples python_us_, bwrap_us_, bwrap_over_warm_, bwrap_over_on_demand_;
  Samples private_mib_, kill_ms_, zygote_gone_ms_, syscalls_;
};

}  // namespace mcpbox::bench
