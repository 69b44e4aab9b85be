// A monitor on a real PostgreSQL.
#pragma once

#include "tests/privsep/monitor/fixture.h"
#include "tests/privsep/monitor/store_fixture.h"

namespace mcpbox::monitor {

// One life of a monitor, on the database as it is.
struct Life {
  Life(loop::Loop& loop, const base::Clock& clock, const base::Log& log, Keys& keys, Store& store)
      : launcher(loop), monitor(loop, clock, log, settings, keys, store, launcher, owner, machine) {
    root->role = protocol::Role::kCtl;
    root->state = protocol::State::kDeciding;
    root->person = {.who = "root", .uid = 0};
    gateway->instance = monitor.next_instance();
    ticket = monitor.tickets.issue(gateway->instance, {.who = "unix:alice", .uid = 1000});
  }
  wire::MonitorSettings settings{.size = sizeof(wire::MonitorSettings), .admin_gid = 0xffffffff, .spares = 1};
  const Machine machine{.cores = 2, .memory_bytes = 64ULL * 1024 * policy::limits::kMiB};
  FakeLauncher launcher;
  PeerOwner owner = *PeerOwner::open();
  Monitor monitor;
  std::shared_ptr<Peer> root = std::make_shared<Peer>(), gateway = std::make_shared<Peer>();
  wire::Id ticket{};
};

}  // namespace mcpbox::monitor
