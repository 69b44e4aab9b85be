// A tool as its reviewer sees it.  Lines that somebody else wrote carry a mark at their left edge, so that
// none of them can pass for a line of ours.
#pragma once

#include <string>

#include "admin/ctl/json.h"
#include "privsep/protocol/messages_ctl.h"

namespace mcpbox::ctl {

// The whole tool: name, what an approval would allow, description, schema, code with line numbers, notes,
// digest.
[[nodiscard]] std::string tool_text(const protocol::ToolDetail& tool);
[[nodiscard]] Json tool_json(const protocol::ToolDetail& tool);

// What differs, field by field, as unified diffs; in versions.cc.
[[nodiscard]] std::string difference_text(const json_t* from, const json_t* to);
[[nodiscard]] std::string difference_text(const protocol::ToolContent& from, const protocol::ToolContent& to);

[[nodiscard]] std::string_view name_of(protocol::Approval approval);
[[nodiscard]] std::string published_name(const protocol::ToolDetail& tool);

// 64 hexadecimal digits, and back.
[[nodiscard]] std::string hex_of(const wire::Digest& digest);
[[nodiscard]] wire::Digest digest_from(std::string_view hex64);

}  // namespace mcpbox::ctl
