// Runs in bench-jail.
#include "bench/jail/calls.h"

#include <functional>
#include <thread>

namespace mcpbox::bench {
namespace {

constexpr std::uint32_t kForks = 40;
constexpr int kPool = 4;
constexpr int kPools = 4;
constexpr int kOnDemand = 16;
constexpr double kLoadUs = 400'000;

const std::string kArguments = R"({"name":"Ada","times":2})";

void call(const Spare& spare, protocol::Prepare& job) {
  send_prepare(spare, job);
  send_go(spare, kArguments);
  take_prepared(spare);
  take_outcome(spare);
}

// CPU time of zygote and children per call, over a stretch of calls.
class CpuMeter {
 public:
  explicit CpuMeter(Executor& executor)
      : executor_(executor),
        first_(executor.forked()),
        children_(executor.children_cpu_us(first_)),
        zygote_(cpu_us_of(executor.pid())) {}
  [[nodiscard]] double per_call() {
    const std::uint64_t last = executor_.forked();
    const double children = executor_.children_cpu_us(last) - children_;
    return (children + cpu_us_of(executor_.pid()) - zygote_) / static_cast<double>(last - first_);
  }

 private:
  Executor& executor_;
  std::uint64_t first_;
  double children_;
  double zygote_;
};

double warm_calls(Executor& executor, protocol::Prepare& job) {
  Samples took;
  for (int pool = 0; pool < kPools; ++pool) {
    std::vector<Spare> idle;
    for (int i = 0; i < kPool; ++i) idle.push_back(executor.fork_spare(Rehearsal::kNow));
    for (const Spare& spare : idle) spare.wait_ready();
    for (const Spare& spare : idle) {
      const double began = now_us();
      call(spare, job);
      took.add(now_us() - began);
      spare.wait_dead();  // its end is no part of this call, and must not weigh on the next one
    }
  }
  return took.median();
}

double calls_on_demand(Executor& executor, protocol::Prepare& job) {
  Samples took;
  for (int i = 0; i < kOnDemand; ++i) {
    const double began = now_us();
    const Spare spare = executor.fork_spare(Rehearsal::kNever);
    call(spare, job);
    took.add(now_us() - began);
    spare.wait_dead();
  }
  return took.median();
}

double calls_per_second(Executor& executor, const protocol::Prepare& job) {
  const std::uint64_t before = executor.forked();
  const double began = now_us();
  std::vector<std::jthread> callers;
  for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i)
    callers.emplace_back([&executor, own = job, until = began + kLoadUs]() mutable {
      while (now_us() < until) call(executor.fork_spare(Rehearsal::kNever), own);
    });
  callers.clear();  // joins
  return static_cast<double>(executor.forked() - before) / (now_us() - began) * 1e6;
}

}  // namespace

CallRound measure_calls(BareFork& bare, Executor& executor, protocol::Prepare& job) {
  CallRound round;
  Samples bare_fork;
  bare_fork.add(bare.cycles(kForks).median());
  CpuMeter warm_cpu(executor);
  round.warm_us = warm_calls(executor, job);
  round.warm_cpu_us = warm_cpu.per_call();
  bare_fork.add(bare.cycles(kForks).median());
  CpuMeter on_demand_cpu(executor);
  round.on_demand_us = calls_on_demand(executor, job);
  round.on_demand_cpu_us = on_demand_cpu.per_call();
  bare_fork.add(bare.cycles(kForks).median());
  round.calls_per_second = calls_per_second(executor, job);
  round.bare_fork_us = bare_fork.median();
  return round;
}

}  // namespace mcpbox::bench
