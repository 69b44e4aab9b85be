// mcpbox-executor: the zygote.  Started by the launcher in its namespaces; loads the packages that the
// monitor names, initialises CPython, jails itself, forks a child per call.  Its link to the monitor is
// descriptor 3.
#include <csignal>
#include <cstdlib>

#include "executor/attack/attack.h"
#include "executor/first_order.h"
#include "executor/python.h"
#include "executor/rehearsal.h"
#include "executor/zygote.h"
#include "privsep/base/log.h"
#include "privsep/jail/call.h"
#include "privsep/jail/child_arguments.h"
#include "privsep/jail/descriptors.h"
#include "privsep/jail/jail.h"
#include "privsep/jail/oom.h"
#include "privsep/jail/title.h"
#include "privsep/wire/spawn.h"

using namespace mcpbox;

static int refuse(const base::Log& log, const base::Error& why, int status) {
  log.error("not serving", why);
  return status;
}

int main(int argc, char** argv) {
  if (argc > 2 && std::string_view(argv[2]) == "attack") return attack::run(argc, argv);
  const base::Log log("zygote");
  const base::Result<jail::ChildArguments> arguments = jail::child_arguments(argc, argv, "zygote");
  if (!arguments) return refuse(log, arguments.error(), EXIT_FAILURE);
  const jail::Title title(argc, argv);
  title.set("mcpbox: [zygote]");
  std::signal(SIGPIPE, SIG_IGN);  // a monitor that is gone is an error of write(), here and in every call

  const base::Result<executor::FirstOrder> order = executor::take_first_order(wire::kChildLinkFd);
  if (!order) return refuse(log, order.error(), EXIT_FAILURE);
  const std::optional<std::string> missing = executor::missing_package(*order, executor::kDebian.packages);
  if (missing)
    return executor::answer_first_order(wire::kChildLinkFd, *order, missing) ? EXIT_SUCCESS : EXIT_FAILURE;
  base::Result<executor::Python> python = executor::Python::start(executor::kDebian, order->packages);
  if (!python) return refuse(log, python.error(), EXIT_FAILURE);
  const base::Result<executor::Rehearsal> rehearsal = executor::Rehearsal::learn(*python);
  if (!rehearsal) return refuse(log, rehearsal.error(), EXIT_FAILURE);
  const base::Result<void> told = executor::answer_first_order(wire::kChildLinkFd, *order, missing);
  if (!told) return refuse(log, told.error(), EXIT_FAILURE);
  const base::Result<jail::CallJail> calls =
      jail::CallJail::prepare(policy::kCallLimits, arguments->allow_missing);
  if (!calls) return refuse(log, calls.error(), jail::kExitNotJailed);
  const jail::OomOrder oom = jail::OomOrder::open();
  const auto keep = jail::those_that_exist({0, 1, 2, wire::kChildLinkFd, calls->ruleset_fd(), oom.fd()});
  const base::Result<policy::Layers> layers =
      attack::rehearsed(*calls, jail::enter(jail::jail_for_zygote(arguments->allow_missing, keep)));
  if (!layers) return refuse(log, layers.error(), jail::kExitNotJailed);

  const base::Error end =
      executor::Zygote(*python, *rehearsal, *calls, oom, title).serve(wire::kChildLinkFd, *layers);
  return end.why == base::Why::kCancelled ? EXIT_SUCCESS : refuse(log, end, EXIT_FAILURE);
}
