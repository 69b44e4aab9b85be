// A layer that is left out and says that it was not: in one build of the probe, one system call of its way
// into the jail returns success and does nothing.  Everything else, and the kernel, is real.
#pragma once

#include <string_view>

namespace mcpbox::test {

// `what` is "nothing" or a name of omit.cc.  False when there is no such name, or this build omits nothing.
[[nodiscard]] bool omit(std::string_view what);

}  // namespace mcpbox::test
