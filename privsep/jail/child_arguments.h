// The words that the launcher starts every child with:  --role NAME --allow-missing MASK [--listeners N]
#pragma once

#include <string_view>
#include <vector>

#include "policy/layers.h"
#include "privsep/base/error.h"

namespace mcpbox::jail {

struct ChildArguments {
  policy::Layers allow_missing = 0;    // what the configuration gave up by name
  unsigned listeners = 0;              // inherited listening sockets, from wire::kFirstListenerFd on
  std::vector<std::string_view> rest;  // what else the launcher tells this role: the admin process only
};

// kInvalid unless these are exactly the launcher's words for this role: the program was started by hand.
base::Result<ChildArguments> child_arguments(int argc, char** argv, std::string_view role);

}  // namespace mcpbox::jail
