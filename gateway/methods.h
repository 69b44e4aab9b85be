// tools/list and tools/call, the same in both eras.
#pragma once

#include "gateway/gateway.h"
#include "privsep/protocol/messages_calls.h"

namespace mcpbox::gateway {

// {"tools":[...],"nextCursor"?}: published tools by name, then (on /mcp) the management tools.
Task<RpcReply> list_tools(const MethodCall& call);

// A CallToolResult.  `withdrawn` becomes true when the caller took the call back: then no answer is due.
Task<RpcReply> call_tool(const MethodCall& call, bool& withdrawn);

// The same for a published tool by its name on this endpoint, whatever request brought it.
Task<RpcReply> call_published(const MethodCall& call, std::string name, const json_t* arguments,
                              bool& withdrawn);

// Asks the monitor to end the call.
void cancel(Gateway& g, CallInFlight& call);
// In 2026-07-28 a client that closes its connection cancels; before, it may come back and the call goes on.
void cancel_when_client_leaves(const MethodCall& call, const wire::Id& request);

// What a finished call says to the caller.  Exposed for tests.
//   modern  2026-07-28 takes any JSON value as structuredContent, earlier revisions only objects
[[nodiscard]] std::string tool_result(const protocol::CallResult& ended, bool modern);
// A CallToolResult with one text and isError.
[[nodiscard]] std::string error_result(std::string_view text);

}  // namespace mcpbox::gateway
