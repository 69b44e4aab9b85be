// mcpbox-gateway [net-local] or [net-tunnel]: MCP over HTTP on loopback.  Started by the launcher in its
// namespaces; builds what it needs, jails itself, and only then reads a byte from anybody.  Link: descriptor
// 3; listeners: 4 and up.
#include <jansson.h>

#include <csignal>
#include <cstdlib>
#include <ctime>
#include <string_view>
#include <vector>

#include "gateway/serve.h"
#include "privsep/base/log.h"
#include "privsep/jail/child_arguments.h"
#include "privsep/jail/jail.h"
#include "privsep/jail/title.h"
#include "privsep/wire/spawn.h"

namespace {

using namespace mcpbox;

constexpr const char* kTunnel = "net-tunnel";

int refuse(const base::Log& log, const base::Error& why, int status) {
  log.error("not serving", why);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  // Which of the two it is stands in what the launcher gave it; what it may ask is the launcher's word alone.
  const bool tunnel = argc > 2 && std::string_view(argv[2]) == kTunnel;
  const char* const role = tunnel ? kTunnel : "net-local";
  const base::Log log(role);
  const base::Result<jail::ChildArguments> given = jail::child_arguments(argc, argv, role);
  if (!given) return refuse(log, given.error(), EXIT_FAILURE);
  jail::set_title(argc, argv, tunnel ? "mcpbox: [net-tunnel]" : "mcpbox: [net-local]");
  std::signal(SIGPIPE, SIG_IGN);  // a client that is gone is an error of write()

  // What libraries would fetch from files later, when there are none.
  json_object_seed(0);
  ::tzset();

  std::vector<int> keep{0, 1, 2, wire::kChildLinkFd};
  std::vector<base::Fd> listeners;
  for (unsigned i = 0; i < given->listeners; ++i) {
    keep.push_back(wire::kFirstListenerFd + static_cast<int>(i));
    listeners.emplace_back(keep.back());
  }
  loop::Loop loop;
  gateway::Service service(loop, log, base::Fd(wire::kChildLinkFd), std::move(listeners),
                           tunnel ? gateway::Entrance::kTunnel : gateway::Entrance::kLocal);

  const base::Result<policy::Layers> layers =
      jail::enter(jail::jail_for_gateway(given->allow_missing, keep, role));
  if (!layers) return refuse(log, layers.error(), jail::kExitNotJailed);
  return service.run(*layers);
}
