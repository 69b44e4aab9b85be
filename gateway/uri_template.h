// URI templates of RFC 6570, level 1: {name} stands for a value whose reserved characters are encoded.
#pragma once

#include <string_view>

namespace mcpbox::gateway {

// True when the template can make this URI; the call child, which matches again, takes the values.
[[nodiscard]] bool template_matches(std::string_view uri_template, std::string_view uri);

}  // namespace mcpbox::gateway
