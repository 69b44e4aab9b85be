// The state folder: opened, locked and checked before anything is started.
#pragma once

#include <string>

#include "privsep/base/fd.h"
#include "privsep/launcher/accounts.h"
#include "privsep/launcher/outcome.h"

namespace mcpbox::launcher {

// Opens the folder.  Refused when somebody other than us owns it or may write to it: they could swap the key.
[[nodiscard]] Outcome<base::Fd> open_state(const std::string& path);

// Takes STATE/lock and writes our pid into it.  The lock is an flock: it belongs to every process that holds
// the descriptor, so a database that is still stopping keeps the folder locked after its launcher was killed.
//   returns  the descriptor to keep open; or who holds it.  Waits up to ten seconds for the leftovers of a
//            launcher that is dead, and not at all for one that is alive
[[nodiscard]] Outcome<base::Fd> lock_state(int folder);

// Binds and listens on STATE/control.sock, mode 0666: the monitor asks the kernel who is speaking.
[[nodiscard]] Outcome<base::Fd> open_control(int folder);
// STATE/mcp.sock likewise.  The monitor knows it by its name's end, which nothing else that a gateway holds
// has.
[[nodiscard]] Outcome<base::Fd> open_mcp(int folder);

// Opens STATE/audit.head read-write for the monitor, which is handed it: by its name nobody but we can open
// it.
[[nodiscard]] Outcome<base::Fd> open_audit_head(int folder);

// The same for STATE/space.reserve, whose size is the monitor's business.
[[nodiscard]] Outcome<base::Fd> open_space_reserve(int folder);

// Opens the log for appending, made if it is missing.
[[nodiscard]] Outcome<base::Fd> open_log(int folder, const std::string& path);

}  // namespace mcpbox::launcher
