// Listening sockets that whoever started us opened already (sd_listen_fds(3)): systemd keeps them over a
// restart, so that no connection is refused meanwhile.
#pragma once

#include <vector>

#include "privsep/base/fd.h"
#include "privsep/launcher/config.h"
#include "privsep/launcher/outcome.h"

namespace mcpbox::launcher {

struct Inherited {
  base::Fd socket;  // close-on-exec, not blocking
  Endpoint endpoint;
};

// The sockets that LISTEN_FDS counts, if LISTEN_PID is this process.  Their descriptors begin at 3.
//   returns  them; or a sentence when one is no TCP socket that listens on a loopback address
[[nodiscard]] Outcome<std::vector<Inherited>> take_inherited();

// Takes the socket for this endpoint out of `inherited`; none when it is not there.
[[nodiscard]] base::Fd take_for(const Endpoint& endpoint, std::vector<Inherited>& inherited);

}  // namespace mcpbox::launcher
