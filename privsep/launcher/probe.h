// Which isolation layers can an ordinary user have on this machine?
#pragma once

#include <string>

#include "policy/layers.h"

namespace mcpbox::launcher {

// Tries each layer that a kernel or a container may refuse, in a process made for it.
//   returns  the layers that this user cannot have here; own-uid is among them for everybody but root
[[nodiscard]] policy::Layers missing_here();

// "own-uid, landlock", as `missing-layers` takes it.
[[nodiscard]] std::string names_of(policy::Layers layers);

}  // namespace mcpbox::launcher
