// What the analysis of a tool's code found, for its reviewer.
#pragma once

#include <string>
#include <string_view>

namespace mcpbox::ctl {

// The analysis (JSON made by a jailed child that read the author's code) as lines; says so when there is
// none.
[[nodiscard]] std::string analysis_text(std::string_view analysis);

// Which hosts, modules, secrets and kinds of output the code names now and did not before (+), or no longer
// (-); empty when they are the same, or when one of the two could not be analysed.
[[nodiscard]] std::string analysis_difference(std::string_view before, std::string_view now);

}  // namespace mcpbox::ctl
