// Two texts compared line by line, as a unified diff.  Pure; bounded in time and memory whatever the texts
// are.
#pragma once

#include <string>
#include <string_view>

namespace mcpbox::base {

// Hunks with three lines around each change, "@@ -1,4 +1,5 @@" before each; empty when the texts are equal.
// Texts that differ in more than 1,000 lines are shown as one removal and one addition.  A line that ends
// without a line feed differs from the same line with one, and says so as diff(1) does.
[[nodiscard]] std::string unified_diff(std::string_view before, std::string_view after);

}  // namespace mcpbox::base
