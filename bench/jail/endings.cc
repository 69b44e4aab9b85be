// Runs in bench-jail.
#include "bench/jail/endings.h"

#include <unistd.h>

namespace mcpbox::bench {
namespace {

constexpr int kChildren = 8;
constexpr useconds_t kUntilItSpinsUs = 20'000;

Spare spinning(Executor& executor, protocol::Prepare& endless) {
  Spare spare = executor.fork_spare(Rehearsal::kNever);
  send_prepare(spare, endless);
  send_go(spare, "{}");
  return spare;
}

}  // namespace

protocol::Prepare endless_job(Executor& executor) {
  return job_for(executor, "async def main():\n    while True:\n        pass\n");
}

double kill_to_dead_ms(Executor& executor, protocol::Prepare& endless) {
  const Spare spare = spinning(executor, endless);
  ::usleep(kUntilItSpinsUs);
  const double began = now_us();
  spare.kill();
  spare.wait_dead();
  return (now_us() - began) / 1e3;
}

double zygote_gone_ms() {
  Executor executor;
  protocol::Prepare endless = endless_job(executor);
  std::vector<Spare> children;
  for (int i = 0; i < kChildren; ++i) children.push_back(spinning(executor, endless));
  ::usleep(kChildren * kUntilItSpinsUs);
  const double began = now_us();
  executor.kill_zygote();
  for (const Spare& spare : children) spare.wait_dead();
  return (now_us() - began) / 1e3;
}

}  // namespace mcpbox::bench
