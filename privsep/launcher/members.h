// Starts the processes of the spawn table, each with exactly the descriptors of wire/spawn.h.
#pragma once

#include "privsep/jail/spawn_side.h"
#include "privsep/launcher/spawn_table.h"
#include "privsep/launcher/start.h"

namespace mcpbox::launcher {

// A process with its end of a new socket pair as descriptor 3; `link` is the other end.
struct Linked {
  jail::Spawned child;
  base::Fd link;
};

// The monitor: SOCK_SEQPACKET link to us, settings, key, control socket, audit head.
[[nodiscard]] base::Result<Linked> start_monitor(const Holdings& all);

// A row of the table: SOCK_STREAM link for the monitor, and the listeners if the row has them.
[[nodiscard]] base::Result<Linked> start_row(const SpawnRow& row, const Holdings& all);

// Control groups for calls, whose processes have the zygote's uid; or why there are none.
[[nodiscard]] Outcome<CallGroups> make_call_groups(const Holdings& all);

// mcpbox-migrate: no link at all.  Before the monitor it brings the schema up to date; beside it, it closes
// and drops segments of the audit log.
enum class MigrateWork : unsigned char { kSchema, kMaintenance };
[[nodiscard]] base::Result<jail::Spawned> start_migrate(const Holdings& all, MigrateWork work);

}  // namespace mcpbox::launcher
