// What a tool may reach beside computing, as an approval finds it: shown to the reviewer, compared with what
// the last approval found, and kept with the decision.
#pragma once

#include <string>
#include <string_view>

#include "privsep/monitor/catalogue.h"

namespace mcpbox::monitor {

class Monitor;

// A line each, sorted: hosts and secrets of the tool's server, the approved modules, and what the settings
// add to them.  What does not fit limits::kCapabilityBytes is counted in a last line.
[[nodiscard]] std::string capabilities_of(const Monitor& m, const Tool& tool);

// What a reviewer's client hands back to say which of them it showed.
[[nodiscard]] wire::Digest digest_of_capabilities(std::string_view capabilities);

// What the approval that counts for the tool now, or counted last, found; null when nobody approved it.
[[nodiscard]] const Approved* last_approval(const Tool& tool);

}  // namespace mcpbox::monitor
