// bench-jail: calls in the jail beside the bare fork of the same zygote, and beside bubblewrap, in one run.
// usage: bench-jail, as root.  Prints one JSON object a line (scripts/bench.sh); docs/performance.md
// explains.
#include <unistd.h>

#include <cmath>

#include "bench/jail/endings.h"
#include "bench/jail/memory.h"
#include "bench/jail/report.h"
#include "bench/priority.h"

namespace {

using namespace mcpbox::bench;

constexpr int kRounds = 9;
constexpr double kSameImage = 0.05;

constexpr const char* kTool =
    "import json\n"
    "async def main(name: str, times: int = 1):\n"
    "    return {'text': f'hello {name} ' * times}\n";

// L would be the unit of something else, were it measured on another process.
void check_same_image(const BareFork& bare, const Executor& executor) {
  const double ratio = anonymous_mib(bare.pid()) / anonymous_mib(executor.pid());
  if (std::fabs(ratio - 1) > kSameImage) give_up("the bare fork is not of the same process as the zygote");
}

}  // namespace

int main() {
  if (::geteuid() != 0) give_up("a jail with a uid of its own needs root: run it with sudo");
  run_ahead_of_others();
  BareFork bare;
  Executor executor;
  static_cast<void>(bare.cycles(1));  // it is in its jail
  check_same_image(bare, executor);
  mcpbox::protocol::Prepare job = job_for(executor, kTool);
  mcpbox::protocol::Prepare endless = endless_job(executor);
  Report report;
  for (int round = 0; round < kRounds; ++round) report.add_round(bare, executor, job, endless);
  report.add_once(executor);
  run_like_others();
  report.add_zygotes();
  report.print();
  return 0;
}
