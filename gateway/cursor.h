// Where the next page of tools/list begins.  Opaque to clients; it says nothing that they could not see.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/using_http.h"

namespace mcpbox::gateway {

// last_name: the last tool of the page before.
[[nodiscard]] std::string cursor_after(std::string_view last_name);

// The name that a cursor holds; empty for an empty cursor (the first page).  Nothing when we did not make it.
[[nodiscard]] std::optional<std::string> name_in_cursor(std::string_view cursor);

}  // namespace mcpbox::gateway
