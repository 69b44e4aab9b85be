// tools/list and tools/call, the same in both eras.
#pragma once

#include "gateway/gateway.h"
#include "privsep/protocol/messages_calls.h"

namespace mcpbox::gateway {

// {"tools":[...],"nextCursor"?}: published tools by name, then (on /mcp) the management tools.
Task<RpcReply> list_tools(const MethodCall& call);

// The input schema as clients get it, its header mapping inside (x-mcp-header).
[[nodiscard]] std::string input_schema(const protocol::PublishedTool& tool);

// A CallToolResult.  `withdrawn` becomes true when the caller took the call back: then no answer is due.
Task<RpcReply> call_tool(const MethodCall& call, bool& withdrawn);

// The same for a published tool by its name on this endpoint, whatever request brought it.
Task<RpcReply> call_published(const MethodCall& call, std::string name, const json_t* arguments,
                              bool& withdrawn);

// prompts/list, resources/list, resources/templates/list: a page each.
Task<RpcReply> list_prompts(const MethodCall& call);
Task<RpcReply> list_resources(const MethodCall& call);
Task<RpcReply> list_templates(const MethodCall& call);
// resources/subscribe and unsubscribe, of a legacy session.
Task<RpcReply> subscribe(const MethodCall& call);
Task<RpcReply> unsubscribe(const MethodCall& call);
// Of what subscriptions/listen asks for, the resources that there are.
Task<Subscriptions> subscriptions_of(const MethodCall& call, const json_t* uris);
// prompts/get, resources/read, completion/complete.
Task<RpcReply> get_prompt(const MethodCall& call, bool& withdrawn);
Task<RpcReply> read_resource(const MethodCall& call, bool& withdrawn);
Task<RpcReply> complete(const MethodCall& call, bool& withdrawn);

// What every request has in common that runs code: fills in who asks and what came, and waits.  kNotFound:
// there is no such thing of a kind that goes with wanted.method.
Task<protocol::CallResult> run_call(const MethodCall& call, protocol::OpenCall& wanted, bool& withdrawn);
// The requestState of the request into `wanted`; the error when it cannot be one.
std::optional<RpcError> take_state(const MethodCall& call, protocol::OpenCall& wanted);
// The ends that are no result of a tool, in whatever way it was reached: questions, refused states, missing
// capabilities.  Nothing for any other end.
std::optional<RpcReply> said_by_protocol(const MethodCall& call, const protocol::CallResult& ended);

// Asks the monitor to end the call.
void cancel(Gateway& g, CallInFlight& call);
// In 2026-07-28 a client that closes its connection cancels; before, it may come back and the call goes on.
void cancel_when_client_leaves(const MethodCall& call, const wire::Id& request);

// What a finished call says to the caller.  Exposed for tests.
//   modern  2026-07-28 takes any JSON value as structuredContent, earlier revisions only objects
[[nodiscard]] std::string tool_result(const protocol::CallResult& ended, bool modern);
// The same result with an object as structuredContent, as mcpbox_call_tool promises: the tool's own, or
// {"result": the value or the first text that it returned}.  Errors and questions stay as they are.
[[nodiscard]] std::string with_object(std::string result);
// A CallToolResult with one text and isError.
[[nodiscard]] std::string error_result(std::string_view text);

}  // namespace mcpbox::gateway
