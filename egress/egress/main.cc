// mcpbox-egress: the HTTP of tools.  Started by the launcher in its namespaces; loads what TLS needs, jails
// itself, and only then reads a byte from anybody.  Link: descriptor 3.
#include <array>
#include <csignal>
#include <cstdlib>
#include <ctime>

#include "egress/egress/serve.h"
#include "privsep/jail/child_arguments.h"
#include "privsep/jail/jail.h"
#include "privsep/jail/title.h"
#include "privsep/wire/spawn.h"

namespace {

using namespace mcpbox;

constexpr const char* kRoots = "/etc/ssl/certs/ca-certificates.crt";  // what update-ca-certificates maintains

int refuse(const base::Log& log, const base::Error& why, int status) {
  log.error("not serving", why);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  const base::Log log("egress");
  const base::Result<jail::ChildArguments> given = jail::child_arguments(argc, argv, "egress");
  if (!given) return refuse(log, given.error(), EXIT_FAILURE);
  jail::set_title(argc, argv, "mcpbox: [egress]");
  std::signal(SIGPIPE, SIG_IGN);  // a server that is gone is an error of send()
  ::tzset();

  const base::Result<egress::Roots> roots = egress::Roots::load(kRoots);
  if (!roots) return refuse(log, roots.error(), EXIT_FAILURE);
  constexpr std::array<int, 4> kKeep{0, 1, 2, wire::kChildLinkFd};
  loop::Loop loop;
  egress::Service service(loop, log, *roots, base::Fd(wire::kChildLinkFd));
  const base::Result<policy::Layers> layers = jail::enter(jail::jail_for_egress(given->allow_missing, kKeep));
  if (!layers) return refuse(log, layers.error(), jail::kExitNotJailed);
  return service.run(*layers);
}
