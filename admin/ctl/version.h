// The version of this build: the monitor answers no other.
#pragma once

#include <string_view>

namespace mcpbox::ctl {

inline constexpr std::string_view kVersion = MCPBOX_VERSION;  // from the top CMakeLists.txt

}  // namespace mcpbox::ctl
