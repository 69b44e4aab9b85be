// The only reader of what peers send: known op, right role, right state, full decode without trailing bytes,
// then the handler, the answer, and the new state.
#pragma once

#include <functional>
#include <memory>

#include "privsep/monitor/peer.h"

namespace mcpbox::monitor {

class Monitor;

enum class Verdict : std::uint8_t {
  kAccepted,  // the handler has it; the answer follows when it is there
  kKillPeer,  // the peer broke the protocol: it is ended and the reason recorded
};

// The handler runs as a task of the monitor and keeps the peer alive.
Verdict dispatch(Monitor& m, const std::shared_ptr<Peer>& peer, wire::Frame frame);

// Gives the peer a link with the limits of its role, whose frames go through dispatch().  A broken protocol
// closes it.
void give_link(Monitor& m, const std::shared_ptr<Peer>& peer, base::Fd socket,
               std::function<void(base::Error)> on_closed);

}  // namespace mcpbox::monitor
