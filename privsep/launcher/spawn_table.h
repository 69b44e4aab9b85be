// Everything that the monitor can have started, and as whom.  If it is not a row here, it cannot be started.
#pragma once

#include <sys/types.h>

#include <span>

#include "policy/layers.h"
#include "privsep/protocol/roles.h"

namespace mcpbox::launcher {

// What a child may keep of root's powers at exec.  The jail takes the second kind away again from inside.
enum class Power : unsigned char {
  kKillOnly,      // the monitor: CAP_KILL, to end calls that run under another uid
  kOwnNamespace,  // everybody else: CAP_SYS_ADMIN and CAP_SETPCAP, and only inside its own user namespace
};

enum class Listeners : unsigned char { kNone, kMcp, kTunnel, kAdmin };

struct SpawnRow {
  protocol::Role role;
  const char* binary;   // beside the launcher's own
  const char* title;    // argv[0], as `ps` shows it
  const char* account;  // used when the machine has it
  uid_t fixed_id;       // uid and gid otherwise; no account is ever created
  policy::Layers layers;
  Power power;
  Listeners listeners;
  int oom_score_adj;  // policy/oom_order.h
};

// The rows, the monitor's first.  The monitor itself cannot be asked for: find_row() leaves it out.
[[nodiscard]] std::span<const SpawnRow> spawn_table();

// The row that a SpawnRequest means; nullptr when there is none.
[[nodiscard]] const SpawnRow* find_row(std::uint32_t role);

// The two that are not asked for but run by the launcher itself.
inline constexpr const char* kMigrateAccount = "mcpbox-migrate";
inline constexpr uid_t kMigrateId = 60809;
inline constexpr const char* kDatabaseAccount = "postgres";

}  // namespace mcpbox::launcher
