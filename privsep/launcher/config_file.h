// The configuration as a file: read, checked, and its state folder found.
#pragma once

#include <string>

#include "privsep/launcher/config.h"
#include "privsep/launcher/outcome.h"

namespace mcpbox::launcher {

struct ConfigFile {
  std::string text;
  Config config;
  std::string state;  // absolute; `state` is relative to the file that says it, and its folder by default
};

// Reads `path` and finds the state folder, which must be there.  The error names file and line when the
// configuration is at fault.
[[nodiscard]] Outcome<ConfigFile> read_config_file(const std::string& path, const Environment& environment);

}  // namespace mcpbox::launcher
