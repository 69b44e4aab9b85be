// What a fuzz target says when something that must hold does not.
#pragma once

#include <cstdlib>

namespace mcpbox::fuzz {

inline void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace mcpbox::fuzz
