// What a person names and the monitor knows by id, and pages of rows as a table or as JSON.
#pragma once

#include <string>
#include <string_view>

#include "admin/ctl/connection.h"
#include "admin/ctl/json.h"
#include "admin/ctl/options.h"

namespace mcpbox::ctl {

// Both want a connection that may decide.  kNotFound: there is none of this name.  A server costs a question
// for each hundred servers whose name or description has the name in it.
[[nodiscard]] Answer<wire::Id> find_server(Connection& monitor, const std::string& name);
[[nodiscard]] Answer<protocol::ToolDetail> find_tool(Connection& monitor, const std::string& tool);

// kBroken when the answer is no JSON.
[[nodiscard]] Answer<Json> json_from(const Answer<protocol::JsonText>& answer);

// What people see of it on a terminal of this width (0: none).
using RowsText = std::string (*)(const json_t* answer, std::size_t width);

// Prints an answer: as JSON with --json, else what `text` makes of it.
Exit show_rows(const Options& options, const Answer<protocol::JsonText>& answer, RowsText text);

// "page 1 of 3, 51 tools", for what `answer` is a page of.
[[nodiscard]] std::string page_text(const json_t* answer, std::string_view things);

}  // namespace mcpbox::ctl
