// Makes sure that this connection may decide, before anything is asked that only a decider may ask: the
// monitor ends a connection that asks too early.
#pragma once

#include <expected>
#include <optional>

#include "admin/ctl/connection.h"
#include "admin/ctl/exit.h"
#include "admin/ctl/options.h"

namespace mcpbox::ctl {

// Asks for an admin's name and password at the terminal where the monitor wants them.
//   returns  nothing when the connection may decide; else the exit, with the reason said already
[[nodiscard]] std::optional<Exit> become_decider(Connection& monitor);

// A connection that may decide; or the exit, with the reason said already.
[[nodiscard]] std::expected<Connection, Exit> open_to_decide(const Options& options);

}  // namespace mcpbox::ctl
