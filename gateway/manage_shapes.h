// What management tools promise of their results.  A row's `output` is written with @words that stand for the
// schemas that several have in common.
#pragma once

#include <string>
#include <string_view>

namespace mcpbox::gateway {

// `output` with every @word replaced by its schema, whatever words that has in turn.
[[nodiscard]] std::string with_shapes(std::string_view output);

}  // namespace mcpbox::gateway
