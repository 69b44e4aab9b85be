// mcpbox-monitor [priv]: keys, database, decisions.  Started by the launcher under its own uid, with the
// descriptors of wire/spawn.h.  Parses nothing from outside.
#include <sodium.h>

#include <csignal>
#include <cstdlib>

#include "privsep/jail/child_arguments.h"
#include "privsep/jail/descriptors.h"
#include "privsep/jail/jail.h"
#include "privsep/jail/title.h"
#include "privsep/monitor/handover.h"
#include "privsep/monitor/serve.h"

int main(int argc, char** argv) {
  using namespace mcpbox;
  const base::Log log("priv");
  const base::Result<jail::ChildArguments> arguments = jail::child_arguments(argc, argv, "priv");
  const base::Result<wire::MonitorSettings> settings = monitor::take_settings();
  if (!arguments || !settings || ::sodium_init() < 0) {
    log.error("is started by mcpbox-launcher only", arguments ? settings.error() : arguments.error());
    return EXIT_FAILURE;
  }
  jail::set_title(argc, argv, "mcpbox: [priv]");
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGINT, SIG_IGN);  // Ctrl-C reaches the whole terminal group: the launcher says when to stop

  base::Result<monitor::Keys> keys = monitor::Keys::from_fd(wire::kMonitorKeyFd);
  base::Result<monitor::PeerOwner> owner = monitor::PeerOwner::open();
  if (!keys || !owner) {
    log.error("not serving", keys ? owner.error() : keys.error());
    return EXIT_FAILURE;
  }
  const monitor::Machine machine = monitor::measure_machine();
  loop::Loop loop;
  const base::SystemClock clock;
  const auto keep = jail::those_that_exist({0, 1, 2, wire::kMonitorLauncherFd, wire::kMonitorControlFd,
                                            wire::kMonitorHeadFd, wire::kMonitorGroupsFd,
                                            wire::kMonitorReserveFd, owner->fd()});
  const base::Result<policy::Layers> layers =
      jail::enter(jail::jail_for_monitor(arguments->allow_missing, keep, settings->database_port));
  if (!layers) {
    log.error("not jailed", layers.error());
    return jail::kExitNotJailed;
  }
  monitor::Service* service = nullptr;
  monitor::Monitor* monitor = nullptr;
  monitor::LauncherLink launcher(loop, base::Fd(wire::kMonitorLauncherFd),
                                 {.ended = [&](int pid, int status) { monitor->children.ended(pid, status); },
                                  .stop = [&] { service->stop(); }});
  monitor::StorePg store(loop, clock, *keys, log, settings->database.data(), wire::kMonitorHeadFd);
  monitor::Monitor parts(loop, clock, log, *settings, *keys, store, launcher, *owner, machine);
  parts.own_layers = *layers | keys->forms();
  monitor::Service serving(parts, store, base::Fd(wire::kMonitorControlFd));
  monitor = &parts;
  service = &serving;
  serving.start();
  loop.run();
  return serving.exit_code();
}
