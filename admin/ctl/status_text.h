// What `status` shows, made of the monitor's answer.
#pragma once

#include <string>

#include "admin/ctl/json.h"
#include "policy/layers.h"
#include "privsep/protocol/messages_ctl.h"

namespace mcpbox::ctl {

// Layers that this process must have, lacks, and that the configuration did not give up by name.
[[nodiscard]] constexpr policy::Layers unexcused(const protocol::Status& status,
                                                 const protocol::ProcessStatus& process) {
  return process.missing & ~status.missing_allowed;
}

// Every process serves with what it must have, and the database is there.
[[nodiscard]] bool is_healthy(const protocol::Status& status);

// width: of the terminal; 0 cuts nothing.
[[nodiscard]] std::string status_text(const protocol::Status& status, std::size_t width);
[[nodiscard]] Json status_json(const protocol::Status& status);

}  // namespace mcpbox::ctl
