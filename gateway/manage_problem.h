// What a management tool answers when it does not do what it was asked: a sentence for a language model, and
// the same taken apart (`_meta.error` of the result) for a client that acts without reading.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "gateway/manage_arguments.h"
#include "privsep/base/error.h"

namespace mcpbox::gateway {

// invalid_argument, not_found, conflict, busy, refused, timeout, cancelled, unavailable
[[nodiscard]] const char* code_of(base::Why why);

// From the words "RULE: ADVICE" about a call of `tool` with these arguments.  The field is the argument that
// the words speak of first, or the one named here; when they speak of none, the id of what the call is about,
// unless another time would do.  What to call next is the tool that they name, else `tool` again.
[[nodiscard]] Problem problem_of(std::string_view tool, std::span<const Argument> rows,
                                 const Arguments& arguments, base::Why why, std::string words,
                                 std::string_view field = {});

// The first of our tools that a text names; empty for none.
[[nodiscard]] std::string tool_named_in(std::string_view text);

// {"code":...,"field":...,"rule":...,"received":...,"next":...}; what is not known is left out.
[[nodiscard]] std::string details_of(const Problem& problem);

// A CallToolResult with isError.
[[nodiscard]] std::string problem_result(const Problem& problem);

}  // namespace mcpbox::gateway
