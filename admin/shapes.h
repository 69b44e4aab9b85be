// What several answers have in common.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "admin/fields.h"
#include "privsep/protocol/messages_manage.h"

namespace mcpbox::admin {

// ISO 8601 in UTC, to the second.
[[nodiscard]] std::string time_text(std::int64_t ms);

// {items, total, page, page_size, pages}
[[nodiscard]] Json page_json(Json items, std::uint32_t total, const Page& page);

// The members that are null where there is nothing.
void text_or_null(Object& object, const char* key, std::string_view text);
void id_or_null(Object& object, const char* key, const wire::Id& id);
void time_or_null(Object& object, const char* key, std::int64_t ms);

// How the monitor is told which server is meant: by its id, which a rename does not change.
[[nodiscard]] std::string server_words(const wire::Id& server);

void append(const Json& array, Json value);

// What a tool is after it was submitted, decided or taken back.
[[nodiscard]] Json decided_json(const protocol::ToolSaved& tool);

}  // namespace mcpbox::admin
