// The control socket: people with mcpboxctl.  Who they are is what the kernel says of the peer.
#pragma once

#include <list>
#include <memory>

#include "privsep/monitor/peer.h"

namespace mcpbox::monitor {

class Monitor;

class Control {
 public:
  // listener: a listening Unix stream socket.
  Control(Monitor& monitor, base::Fd listener);

 private:
  void on_connection();
  [[nodiscard]] bool has_room_for(std::uint32_t uid) const;
  void drop(Instance instance);

  Monitor& m_;
  base::Fd listener_;
  std::list<std::shared_ptr<Peer>> people_;
  loop::Watch readable_;
};

}  // namespace mcpbox::monitor
