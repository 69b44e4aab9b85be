// Run by the launcher (root).  Opens the addresses of the checked configuration; never accepts or reads.
#include "privsep/launcher/listeners.h"

#include <sys/socket.h>

namespace mcpbox::launcher {
namespace {

using base::Fd;

constexpr int kBacklog = 1024;  // waiting connections; the gateway sheds load long before

bool family_is_missing(int why) { return why == EAFNOSUPPORT || why == EADDRNOTAVAIL; }

int bind_to(int socket, const Endpoint& endpoint) {
  if (endpoint.family == AF_INET6) {
    const int only = 1;
    if (setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only) != 0) return -1;
    return bind(socket, reinterpret_cast<const sockaddr*>(&endpoint.v6), sizeof endpoint.v6);
  }
  return bind(socket, reinterpret_cast<const sockaddr*>(&endpoint.v4), sizeof endpoint.v4);
}

struct Opened {
  Fd socket;
  int why = 0;  // errno when there is no socket
};

Opened open_one(const Endpoint& endpoint) {
  Fd listener(socket(endpoint.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener) return {Fd(), errno};
  const int reuse = 1;
  if (setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse) != 0 ||
      bind_to(listener.get(), endpoint) != 0 || listen(listener.get(), kBacklog) != 0)
    return {Fd(), errno};
  return {std::move(listener), 0};
}

Outcome<OpenListeners> open_all(const std::vector<Endpoint>& endpoints, Listening how, const char* key,
                                std::vector<Inherited>& inherited) {
  OpenListeners open;
  for (const Endpoint& endpoint : endpoints) {
    Opened opened{.socket = take_for(endpoint, inherited)};
    if (!opened.socket) opened = open_one(endpoint);
    if (opened.why != 0 && how == Listening::kDefault && family_is_missing(opened.why)) continue;
    if (opened.why == EADDRINUSE)
      return refuse(endpoint.text + " is taken by another process: choose another port with `" + key +
                    " = `");
    if (opened.why != 0)
      return refuse("cannot listen on " + endpoint.text + ": " + std::strerror(opened.why));
    open.sockets.push_back(std::move(opened.socket));
    open.names.push_back(endpoint.text);
  }
  return open;
}

}  // namespace

Outcome<OpenListeners> open_listeners(const Config& config, std::vector<Inherited> inherited) {
  Outcome<OpenListeners> open = open_all(config.listen, config.listening, "listen", inherited);
  if (open && !inherited.empty())
    return refuse("a socket on " + inherited.front().endpoint.text +
                  " was handed over, but `listen` does not name it: change mcpboxd.socket or mcpbox.conf");
  if (open && open->sockets.empty()) return refuse("the machine has no loopback address to listen on");
  return open;
}

Outcome<OpenListeners> open_admin_listeners(const Config& config, std::vector<Inherited>& inherited) {
  return open_all(config.admin_listen, config.admin_listening, "admin-listen", inherited);
}

Outcome<OpenListeners> open_tunnel_listeners(const Config& config, std::vector<Inherited>& inherited) {
  return open_all(config.tunnel_listen, Listening::kConfigured, "tunnel-listen", inherited);
}

}  // namespace mcpbox::launcher
