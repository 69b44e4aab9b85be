// What a call and its client say to each other before the result: progress, log messages, questions; as
// events of the answer to the call's own POST.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/gateway.h"
#include "privsep/protocol/messages_gateway.h"

namespace mcpbox::gateway {

// From the monitor, about a call that this gateway opened; nothing happens when it is over.
void call_said(Gateway& g, const protocol::CallSaid& said);
void call_asked(Gateway& g, const protocol::CallAsked& asked);
// For whoever subscribed.
void resource_updated(Gateway& g, const protocol::ResourceUpdated& news);

// A response that a legacy client posted: the answer to a question, when its session was asked that.
Task<Nothing> take_response(Gateway& g, const Incoming& in, const Message& message, std::string session);

// protocol::ClientCan of a capabilities object.
[[nodiscard]] std::uint32_t client_can(const json_t* capabilities);
[[nodiscard]] std::optional<protocol::LogLevel> log_level_of(std::string_view name);

// params._meta.progressToken as JSON text; empty when there is none.
[[nodiscard]] std::string progress_token_of(std::string_view body);

// The JSON-RPC message for what a call child said; empty when that is not what it should be.  Exposed for
// tests.
[[nodiscard]] std::string progress_notification(std::string_view json, std::string_view token);
[[nodiscard]] std::string log_notification(std::string_view json);
[[nodiscard]] std::string question_request(const protocol::CallAsked& asked, std::string_view id);

// The JSON text of a 2026-07-28 result that asks its caller; nothing when the child made it wrong.
[[nodiscard]] std::optional<std::string> input_required(std::string_view result, std::string_view sealed);

}  // namespace mcpbox::gateway
