// One end of a link to the monitor, from the monitor's side.  Shared by whoever watches the peer and by the
// answers that are being made for it: a change that is on its way to the database is finished even if its
// asker dies.
#pragma once

#include <memory>
#include <string>

#include "policy/layers.h"
#include "privsep/loop/link.h"
#include "privsep/monitor/tickets.h"
#include "privsep/protocol/table.h"

namespace mcpbox::monitor {

class Spare;

struct Peer : std::enable_shared_from_this<Peer> {
  Instance instance = 0;
  protocol::Role role = protocol::Role::kCtl;
  protocol::State state = protocol::State::kConnected;
  policy::Layers layers = 0;  // as it verified them from inside
  std::unique_ptr<loop::Link> link;

  std::weak_ptr<Spare> spare;  // of a call child: the process itself

  // A person at the control socket, by SO_PEERCRED.
  Principal person;
  bool owner = false;   // root, or the user of a trial: may decide at once
  bool member = false;  // of the admin group: may decide after a password
  wire::Id session{};   // of a person who is signed in at the admin process
};

}  // namespace mcpbox::monitor
