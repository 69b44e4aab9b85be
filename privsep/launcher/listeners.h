// The gateway's listening sockets: opened here or handed over by systemd, because the gateway's jail can make
// none.
#pragma once

#include <vector>

#include "privsep/base/fd.h"
#include "privsep/launcher/activation.h"
#include "privsep/launcher/config.h"
#include "privsep/launcher/outcome.h"

namespace mcpbox::launcher {

struct OpenListeners {
  std::vector<base::Fd> sockets;
  std::vector<std::string> names;  // of those that were opened, in the same order
};

// Takes or opens every endpoint.  One that was handed over and is not in the configuration is an error: it
// would take connections that nobody answers.  A default address whose family the machine lacks is left out;
// one that was configured, or is taken by another process, is an error that names it.
[[nodiscard]] Outcome<OpenListeners> open_listeners(const Config& config,
                                                    std::vector<Inherited> inherited = {});
// The admin process's; none when the configuration says off.  Takes its own out of `inherited` and leaves the
// rest.
[[nodiscard]] Outcome<OpenListeners> open_admin_listeners(const Config& config,
                                                          std::vector<Inherited>& inherited);

// That of the tunnel's gateway, likewise.
[[nodiscard]] Outcome<OpenListeners> open_tunnel_listeners(const Config& config,
                                                           std::vector<Inherited>& inherited);

}  // namespace mcpbox::launcher
