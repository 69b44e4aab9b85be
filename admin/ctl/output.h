// Where text leaves mcpboxctl.  Callers pass what came from outside through base::visible() when they build
// the text.
#pragma once

#include <cstddef>
#include <string_view>

namespace mcpbox::ctl {

// Writes to standard output as it is.
void print(std::string_view text);

// One line "mcpboxctl: TEXT" on standard error, through visible().
void complain(std::string_view text);

// Shows a long text: through less where standard output is a terminal and less is there, else plainly.
void page(std::string_view text);

// Columns of the terminal at standard output; 0 when it is none, which means: cut nothing.
[[nodiscard]] std::size_t output_width();

}  // namespace mcpbox::ctl
