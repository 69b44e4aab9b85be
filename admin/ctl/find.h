// What a person names and the monitor knows by id, and pages of rows as a table or as JSON.
#pragma once

#include <cstdint>
#include <string>

#include "admin/ctl/connection.h"
#include "admin/ctl/json.h"
#include "admin/ctl/options.h"

namespace mcpbox::ctl {

// Both want a connection that may decide.  kNotFound: there is none of this name.  A server costs a question
// for each hundred servers whose name or description has the name in it.
[[nodiscard]] Answer<wire::Id> find_server(Connection& monitor, const std::string& name);
[[nodiscard]] Answer<protocol::ToolDetail> find_tool(Connection& monitor, const std::string& tool);

// The answer to a question for JSON; kBroken when it is none.
[[nodiscard]] Answer<Json> read_json(Connection& monitor, protocol::AdminRead& question);

// Asks and prints: as JSON with --json, else what `text` makes of it for a terminal of this width (0: none).
Exit show_rows(const Options& options, Connection& monitor, protocol::AdminRead& question,
               std::string (*text)(const json_t* answer, std::size_t width));

// "page 1 of 3, 51 tools", for what `answer` is a page of.
[[nodiscard]] std::string page_text(const json_t* answer, std::string_view things);

// "2026-12-01T12:00:00Z" of milliseconds since 1970.
[[nodiscard]] std::string time_text(std::int64_t at_ms);

}  // namespace mcpbox::ctl
