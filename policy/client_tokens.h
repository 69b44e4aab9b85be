// What a gateway and the monitor know a client's token by, before anybody looks it up.
#pragma once

#include <string_view>

namespace mcpbox::policy {

// A header's value that begins otherwise is no token of ours: what else a client authorizes itself by is not
// for us.
inline constexpr std::string_view kClientTokenPrefix = "mcpbox_";

}  // namespace mcpbox::policy
