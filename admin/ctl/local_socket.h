// Connecting to a socket of MCPbox's state folder.
#pragma once

#include <string>

#include "admin/ctl/failure.h"
#include "privsep/base/fd.h"

namespace mcpbox::ctl {

// The error says what a person can do about it.
[[nodiscard]] Answer<base::Fd> connect_local(const std::string& path);

}  // namespace mcpbox::ctl
