// What the machine has.  Measured once, before the monitor's jail refuses to ask.
#pragma once

#include <cstdint>

namespace mcpbox::monitor {

struct Machine {
  std::uint32_t cores = 1;  // that this process may use
  std::uint64_t memory_bytes = 0;
};

[[nodiscard]] Machine measure_machine();

}  // namespace mcpbox::monitor
