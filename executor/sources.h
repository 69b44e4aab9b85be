// The Python runtime (executor/runtime/*.py) as it was compiled into this binary, so that the zygote needs no
// file of its own and nobody can put another one in its place.
#pragma once

#include <span>

namespace mcpbox::executor {

struct Source {
  const char* name;  // module name inside the package; "" is the package itself
  const char* text;  // UTF-8
};

std::span<const Source> sources();

}  // namespace mcpbox::executor
