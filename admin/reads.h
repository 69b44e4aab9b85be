// Named reads: the body is JSON that PostgreSQL made, checked before it is passed on.
#pragma once

#include "admin/fields.h"
#include "privsep/protocol/messages_ctl.h"

namespace mcpbox::admin {

// The answer to one read, as it stands.
Task<Answered> read(Admin& a, const Incoming& in, protocol::AdminRead question, int status = 200);

// The text to search for, cut to what the routes take.
[[nodiscard]] std::string search_of(const Incoming& in);
// Fills page, page_size and search from the query; false when the page is out of bounds: answer
// page_problem().
bool take_page(const Incoming& in, protocol::AdminRead& question, std::uint32_t standard);
[[nodiscard]] Response page_problem();

// One row by the id in the path; `what` it is, in the words of a 404.
Task<Answered> read_one(Admin& a, const Incoming& in, protocol::AdminQuery query, const char* what);
// A page of what belongs to the id in the path.
Task<Answered> read_page_of(Admin& a, const Incoming& in, protocol::AdminQuery query, const char* what);

// The id in the path; nothing when it is no UUID, which is then the same as not found.
[[nodiscard]] std::optional<wire::Id> path_id(const Incoming& in);
[[nodiscard]] Response no_such(std::string_view what);

}  // namespace mcpbox::admin
