// The embedded PostgreSQL: a private cluster that listens on one Unix socket and stops with us.
#pragma once

#include <string>
#include <vector>

#include "privsep/jail/spawn_side.h"
#include "privsep/launcher/view.h"

namespace mcpbox::launcher {

inline constexpr const char* kPostgres = "/usr/lib/postgresql/15/bin/postgres";

// The command line, complete: what it sets, the cluster's own files cannot change.
[[nodiscard]] std::vector<std::string> database_command(const View& view);

// Starts it.  It inherits `lock`, so that the state folder stays locked until the last of its processes is
// gone. If we are killed, the kernel tells it to stop at once.
[[nodiscard]] base::Result<jail::Spawned> start_database(const View& view, const Member& who, int lock);

// Is it ready for connections?  Reads the status line that it writes into data/postmaster.pid.
[[nodiscard]] bool database_is_ready(const View& view, pid_t pid);

// The connection string of one of the embedded database's two roles.
[[nodiscard]] std::string embedded_conninfo(const View& view, std::string_view role);
inline constexpr const char* kOwnerRole = "mcpbox_owner";
inline constexpr const char* kWorkingRole = "mcpbox_monitor";

}  // namespace mcpbox::launcher
