// Runs in bench-jail, as root: reads /proc/PID/smaps_rollup of processes that nobody else may look into.
#include "bench/jail/memory.h"

#include <unistd.h>

#include <fstream>
#include <initializer_list>

namespace mcpbox::bench {
namespace {

constexpr const char* kWaitingTool =
    "import asyncio\n"
    "async def main(name: str, times: int = 1):\n"
    "    await asyncio.sleep(20)\n"
    "    return name\n";

double mib_of(pid_t pid, std::initializer_list<const char*> fields) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
  std::string word;
  double kib = 0;
  double value = 0;
  while (file >> word)
    for (const char* field : fields)
      if (word == field && file >> value) kib += value;
  if (kib <= 0) give_up("no smaps_rollup of the process");
  return kib / 1024;
}

}  // namespace

double anonymous_mib(pid_t pid) { return mib_of(pid, {"Anonymous:"}); }

Samples private_mib_of_waiting_calls(Executor& executor, int count) {
  protocol::Prepare job = job_for(executor, kWaitingTool);
  std::vector<Spare> calls;
  for (int i = 0; i < count; ++i) calls.push_back(executor.fork_spare(Rehearsal::kNow));
  for (const Spare& spare : calls) spare.wait_ready();
  for (const Spare& spare : calls) {
    send_prepare(spare, job);
    send_go(spare, R"({"name":"Ada"})");
  }
  ::usleep(200'000);  // until each of them sleeps
  Samples mib;
  for (const Spare& spare : calls) mib.add(mib_of(spare.pid(), {"Private_Clean:", "Private_Dirty:"}));
  for (const Spare& spare : calls) spare.kill();
  for (const Spare& spare : calls) spare.wait_dead();
  return mib;
}

}  // namespace mcpbox::bench
