// Runs in bench-jail.
#include "bench/jail/report.h"

#include <algorithm>
#include <cstdio>
#include <thread>

#include "bench/jail/endings.h"
#include "bench/jail/memory.h"
#include "bench/jail/programs.h"
#include "bench/jail/reachable.h"

namespace mcpbox::bench {
namespace {

constexpr int kKillsPerRound = 3;
constexpr int kWaitingCalls = 16;
constexpr int kZygotes = 5;

}  // namespace

void Report::add_round(BareFork& bare, Executor& executor, protocol::Prepare& job,
                       protocol::Prepare& endless) {
  const CallRound round = measure_calls(bare, executor, job);
  add_ratios(round);
  add_programs(round);
  for (int i = 0; i < kKillsPerRound; ++i) kill_ms_.add(kill_to_dead_ms(executor, endless));
}

void Report::add_ratios(const CallRound& round) {
  const double unit = round.bare_fork_us;
  bare_fork_us_.add(unit);
  warm_us_.add(round.warm_us);
  on_demand_us_.add(round.on_demand_us);
  warm_cpu_us_.add(round.warm_cpu_us);
  on_demand_cpu_us_.add(round.on_demand_cpu_us);
  calls_per_second_.add(round.calls_per_second);
  warm_over_l_.add(round.warm_us / unit);
  on_demand_over_l_.add(round.on_demand_us / unit);
  cpu_over_l_.add(std::max(round.warm_cpu_us, round.on_demand_cpu_us) / unit);
  throughput_.add(round.calls_per_second * unit / 1e6 / std::thread::hardware_concurrency());
}

void Report::add_programs(const CallRound& round) {
  python_us_.add(python_us());
  if (!bubblewrap_is_installed()) return;
  const double bwrap = bubblewrap_us();
  bwrap_us_.add(bwrap);
  bwrap_over_warm_.add(bwrap / round.warm_us);
  bwrap_over_on_demand_.add(bwrap / round.on_demand_us);
}

void Report::add_once(Executor& executor) {
  private_mib_ = private_mib_of_waiting_calls(executor, kWaitingCalls);
  syscalls_.add(syscalls_reachable());
}

void Report::add_zygotes() {
  for (int i = 0; i < kZygotes; ++i) zygote_gone_ms_.add(zygote_gone_ms());
}

void Report::print() const {
  bench::print("warm_over_L", warm_over_l_, "L");
  bench::print("ondemand_over_L", on_demand_over_l_, "L");
  bench::print("cpu_over_L", cpu_over_l_, "L");
  bench::print("throughput_x_L_per_core", throughput_, "ratio");
  bench::print("private_mb", private_mib_, "MiB");
  bench::print("kill_ms", kill_ms_, "ms");
  bench::print("zygote_gone_ms", zygote_gone_ms_, "ms");
  bench::print("syscalls_reachable", syscalls_, "calls");
  if (bwrap_us_.count() > 0) {
    bench::print("bwrap_over_warm", bwrap_over_warm_, "ratio");
    bench::print("bwrap_over_ondemand", bwrap_over_on_demand_, "ratio");
    bench::print("bwrap_python_us", bwrap_us_, "us");
  } else {
    std::fputs("bench: bwrap is not installed (Debian package bubblewrap): bwrap_over_* not measured\n",
               stderr);
  }
  bench::print("python_us", python_us_, "us");
  bench::print("L_us", bare_fork_us_, "us");
  bench::print("warm_us", warm_us_, "us");
  bench::print("ondemand_us", on_demand_us_, "us");
  bench::print("warm_cpu_us", warm_cpu_us_, "us");
  bench::print("ondemand_cpu_us", on_demand_cpu_us_, "us");
  bench::print("calls_per_second", calls_per_second_, "calls/s");
}

}  // namespace mcpbox::bench
