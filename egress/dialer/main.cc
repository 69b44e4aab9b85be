// mcpbox-dialer: the only process with a network.  Started by the launcher in its namespaces; loads the name
// services' libraries, jails itself, and only then reads a byte from anybody.  Link: descriptor 3.
#include <array>
#include <csignal>
#include <cstdlib>
#include <ctime>

#include "egress/dialer/routes.h"
#include "egress/dialer/serve.h"
#include "privsep/jail/child_arguments.h"
#include "privsep/jail/jail.h"
#include "privsep/jail/title.h"
#include "privsep/wire/spawn.h"

namespace {

using namespace mcpbox;

int refuse(const base::Log& log, const base::Error& why, int status) {
  log.error("not serving", why);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  const base::Log log("dial");
  const base::Result<jail::ChildArguments> given = jail::child_arguments(argc, argv, "dial");
  if (!given) return refuse(log, given.error(), EXIT_FAILURE);
  jail::set_title(argc, argv, "mcpbox: [dial]");
  std::signal(SIGPIPE, SIG_IGN);
  ::tzset();

  dialer::load_name_services();
  base::Result<dialer::Routes> routes = dialer::Routes::open();
  if (!routes) return refuse(log, routes.error(), EXIT_FAILURE);
  const std::array<int, 5> kept{0, 1, 2, wire::kChildLinkFd, routes->fd()};
  const auto where_to = [&routes](const policy::Address& address) { return routes->leads(address); };
  loop::Loop loop;
  dialer::Service service(loop, log, where_to, base::Fd(wire::kChildLinkFd));
  const std::vector<const char*> shown = jail::name_service_paths();
  const base::Result<policy::Layers> layers =
      jail::enter(jail::jail_for_dialer(given->allow_missing, kept, shown));
  if (!layers) return refuse(log, layers.error(), jail::kExitNotJailed);
  return service.run(*layers);
}
