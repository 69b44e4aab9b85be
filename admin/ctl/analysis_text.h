// What the analysis of a tool's code found, for its reviewer.
#pragma once

#include <string>
#include <string_view>

namespace mcpbox::ctl {

// The analysis (JSON made by a jailed child that read the author's code) as lines; says so when there is
// none.
[[nodiscard]] std::string analysis_text(std::string_view analysis);

}  // namespace mcpbox::ctl
