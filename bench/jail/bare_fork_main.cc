// mcpbox-bare-fork: never installed.  The zygote up to its jail (compare executor/main.cc line by line), and
// then only fork, _exit and wait.  Started by bench-jail, which it trusts.
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <vector>

#include "bench/figures.h"
#include "executor/first_order.h"
#include "executor/python.h"
#include "executor/rehearsal.h"
#include "policy/rlimits.h"
#include "privsep/jail/call.h"
#include "privsep/jail/child_arguments.h"
#include "privsep/jail/jail.h"
#include "privsep/jail/title.h"
#include "privsep/wire/spawn.h"

namespace {

using namespace mcpbox;

double one_cycle() {
  const double began = bench::now_us();
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(0);
  if (pid < 0 || ::waitpid(pid, nullptr, 0) != pid) bench::give_up("fork and wait", errno);
  return bench::now_us() - began;
}

}  // namespace

int main(int argc, char** argv) {
  const auto arguments = bench::need(jail::child_arguments(argc, argv, "zygote"));
  const jail::Title title(argc, argv);
  title.set("mcpbox: [bench]");
  std::signal(SIGPIPE, SIG_IGN);

  const executor::FirstOrder order = bench::need(executor::take_first_order(wire::kChildLinkFd));
  executor::Python python = bench::need(executor::Python::start(executor::kDebian, order.packages));
  bench::need(executor::Rehearsal::learn(python));
  bench::need(executor::answer_first_order(wire::kChildLinkFd, order, std::nullopt));
  const jail::CallJail calls =
      bench::need(jail::CallJail::prepare(policy::kCallLimits, arguments.allow_missing));
  const std::array<int, 5> keep{0, 1, 2, wire::kChildLinkFd, calls.ruleset_fd()};
  bench::need(jail::enter(jail::jail_for_zygote(arguments.allow_missing, keep)));

  for (std::uint32_t count = 0; ::read(wire::kChildLinkFd, &count, sizeof count) == sizeof count;) {
    std::vector<double> took(count);
    for (double& value : took) value = one_cycle();
    const auto bytes = static_cast<ssize_t>(took.size() * sizeof(double));
    if (::write(wire::kChildLinkFd, took.data(), static_cast<std::size_t>(bytes)) != bytes)
      return EXIT_FAILURE;
  }
  return EXIT_SUCCESS;
}
