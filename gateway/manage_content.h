// From the arguments of mcpbox_create_tool and mcpbox_update_tool to what an approval binds.
#pragma once

#include <optional>
#include <string>

#include "gateway/manage.h"
#include "privsep/protocol/tool_content.h"

namespace mcpbox::gateway {

// Takes what is there; which fields that were.  null leaves a field empty, and counts as given.
protocol::FieldSet fill_content(protocol::ToolContent& into, const Arguments& from);

// Nothing when annotations, icons, uri_template and headers have the shapes that MCP gives them; else which
// breaks which rule, and what to do.  Without a kind any kind's annotations pass.
[[nodiscard]] std::string content_problem(const Arguments& given, std::optional<protocol::Kind> kind);

// Nothing when each argument in `headers` is one of main()'s and of a type that fits into a header.  Asks the
// monitor for the schema when that is still to be made, or is the stored tool's.
Task<std::string> header_problem(const ManageCall& c, const protocol::ToolContent& content);

}  // namespace mcpbox::gateway
