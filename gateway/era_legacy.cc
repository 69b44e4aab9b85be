// Runs in the gateways.  Trusts nothing: a session id is a name, not a proof; the monitor knows whose it is.
// MCP 2025-06-18 and 2025-11-25: basic/lifecycle, basic/transports "Streamable HTTP".
#include "gateway/access.h"
#include "gateway/era.h"
#include "gateway/eras.h"
#include "gateway/methods.h"
#include "gateway/routes.h"
#include "gateway/talk.h"
#include "privsep/http/ids.h"
#include "privsep/http/json_check.h"

namespace mcpbox::gateway {
namespace {

using base::Why;

constexpr const char* kSessionHeader = "Mcp-Session-Id";
constexpr const char* kVersionHeader = "MCP-Protocol-Version";

RpcError refuse(int status, int code, std::string message, const std::string& id = "") {
  return {.status = status, .code = code, .message = std::move(message), .id = id.empty() ? "null" : id};
}

using Found = std::expected<protocol::Session, RpcError>;

// The session that a request names, which must be its caller's own.
Task<Found> find_session(Gateway& g, const Incoming& in, std::string id) {
  const auto name = in.exchange->headers().find(kSessionHeader);
  if (!name)
    co_return Found(std::unexpected(
        refuse(400, kTransportError,
               "The header Mcp-Session-Id is missing: send `initialize` first and keep its session.", id)));
  const RpcError gone =
      refuse(404, kSessionNotFound, "There is no such session: send `initialize` again.", id);
  protocol::FindSession question{.ticket = in.ticket};
  if (name->size() > decltype(question.id)::kMax) co_return Found(std::unexpected(gone));
  question.id = *name;
  base::Result<protocol::Session> session = co_await attempt(g.monitor->ask(question));
  if (session) co_return Found(std::move(*session));
  // A name that is not text does not encode: it is nobody's.
  if (session.error().why == Why::kNotFound || session.error().why == Why::kInvalid)
    co_return Found(std::unexpected(gone));
  co_return std::unexpected(session.error());
}

std::optional<RpcError> check_version(const Headers& headers, const std::string& id) {
  const auto version = headers.find(kVersionHeader);
  if (!version || is_legacy_version(*version)) return std::nullopt;
  return refuse(400, kTransportError,
                "This MCP-Protocol-Version is not supported; use 2025-11-25 or 2025-06-18.", id);
}

Response welcome(const Gateway& g, const Incoming& in, const Message& message,
                 const protocol::Session& session) {
  const std::string result = R"({"protocolVersion":)" + quoted(session.version) + R"(,"capabilities":)" +
                             std::string(kCapabilities) + R"(,"serverInfo":)" + server_info(g) +
                             R"(,"instructions":)" + quoted(instructions(in)) + "}";
  return {.body = result_body(message.id, result), .headers = {{kSessionHeader, session.id}}};
}

Task<Answered> initialize(Gateway& g, const Incoming& in, const Message& message) {
  if (in.exchange->headers().find(kSessionHeader)) {
    const Found session = co_await find_session(g, in, message.id);
    if (!session) co_return Answered(response_of(session.error()));
    co_return Answered(
        response_of(refuse(400, kInvalidRequest, "This session is initialized already.", message.id)));
  }
  const json_t* asked = message.param("protocolVersion");
  if (!json_is_string(asked))
    co_return Answered(response_of(refuse(
        200, kInvalidParams, "params.protocolVersion must be a string such as \"2025-11-25\".", message.id)));
  protocol::OpenSession wanted{.ticket = in.ticket, .version = negotiate(text_of(asked))};
  wanted.client = client_text(message.param("clientInfo"));
  wanted.can = client_can(message.param("capabilities"));
  const protocol::Session session = co_await g.monitor->ask(wanted);
  co_return welcome(g, in, message, session);
}

// A withdrawn call gets no answer; an empty stream ends its HTTP exchange without breaking the connection.
Response no_answer() { return {.body = ": the call was withdrawn\n\n", .content_type = "text/event-stream"}; }

// The id is taken from the text, so that an integer of any size finds its call.
void withdraw(Gateway& g, const Incoming& in, const protocol::Session& session) {
  const auto params = find_member(in.exchange->body(), "params");
  const auto id = params ? find_member(*params, "requestId") : std::nullopt;
  const auto text = id ? id_text(*id) : std::nullopt;
  CallInFlight* call = text ? g.calls.find(session.id, *text) : nullptr;
  if (call != nullptr) cancel(g, *call);
}

Task<RpcReply> set_level(const MethodCall& call) {
  const std::optional<protocol::LogLevel> level = log_level_of(text_of(call.message.param("level")));
  if (!level)
    co_return RpcReply(
        std::unexpected(rpc_error(call, kInvalidParams,
                                  "params.level must be one of debug, info, notice, warning, error, "
                                  "critical, alert, emergency.")));
  protocol::SetLogLevel order{.ticket = call.in.ticket, .id = call.session, .level = *level};
  const protocol::Done done = co_await call.g.monitor->ask(order);
  static_cast<void>(done);
  co_return RpcReply("{}");
}

Task<Answered> answer_request(Gateway& g, const Incoming& in, const Message& message,
                              const protocol::Session& session) {
  const MethodCall call{
      .g = g, .in = in, .message = message, .client = session.client, .session = session.id};
  RpcReply reply = std::unexpected(rpc_error(call, kMethodNotFound, "Method not found: " + message.method));
  bool withdrawn = false;
  if (message.method == "ping")
    reply = "{}";
  else if (message.method == "logging/setLevel")
    reply = co_await set_level(call);
  else if (message.method == "tools/list")
    reply = co_await list_tools(call);
  else if (message.method == "tools/call")
    reply = co_await call_tool(call, withdrawn);
  else if (message.method == "prompts/list")
    reply = co_await list_prompts(call);
  else if (message.method == "prompts/get")
    reply = co_await get_prompt(call, withdrawn);
  else if (message.method == "resources/list")
    reply = co_await list_resources(call);
  else if (message.method == "resources/templates/list")
    reply = co_await list_templates(call);
  else if (message.method == "resources/read")
    reply = co_await read_resource(call, withdrawn);
  else if (message.method == "resources/subscribe")
    reply = co_await subscribe(call);
  else if (message.method == "resources/unsubscribe")
    reply = co_await unsubscribe(call);
  else if (message.method == "completion/complete")
    reply = co_await complete(call, withdrawn);
  if (withdrawn) co_return Answered(no_answer());
  if (!reply) co_return Answered(response_of(reply.error()));
  co_return Answered(Response{.body = result_body(message.id, *reply)});
}

Response only_post(std::string why) {
  Response response = response_of(refuse(405, kInvalidRequest, std::move(why)));
  response.headers.emplace_back("Allow", "POST");
  return response;
}

Response too_many_streams() {
  Response response =
      response_of(refuse(503, kTransportError, "Too many event streams are open: close some."));
  response.headers.emplace_back("Retry-After", "10");
  return response;
}

}  // namespace

Task<Answered> answer_legacy(Gateway& g, const Incoming& in, const Message& message) {
  const Headers& headers = in.exchange->headers();
  const std::string accept = headers.joined("Accept");
  if (!accepts(accept, "application/json") || !accepts(accept, "text/event-stream"))
    co_return Answered(response_of(refuse(
        406, kTransportError, "Accept must name both application/json and text/event-stream.", message.id)));
  if (message.method == "initialize" && message.kind == MessageKind::kRequest) {
    Answered answered = co_await initialize(g, in, message);
    co_return answered;
  }
  if (const std::optional<RpcError> wrong = check_version(headers, message.id))
    co_return Answered(response_of(*wrong));
  const Found session = co_await find_session(g, in, message.id);
  if (!session) co_return Answered(response_of(session.error()));
  if (message.kind != MessageKind::kRequest) {
    if (message.method == "notifications/cancelled") withdraw(g, in, *session);
    if (message.kind == MessageKind::kResponse) {
      const Nothing taken = co_await take_response(g, in, message, session->id);
      static_cast<void>(taken);
    }
    co_return Answered(Response{.status = 202});
  }
  Answered answered = co_await answer_request(g, in, message, *session);
  co_return answered;
}

Task<Answered> on_stream(Gateway& g, const Incoming& in) {
  const Headers& headers = in.exchange->headers();
  if (is_modern_version(headers.find(kVersionHeader).value_or("")))
    co_return only_post("2026-07-28 has no GET stream: POST subscriptions/listen.");
  if (!accepts(headers.joined("Accept"), "text/event-stream"))
    co_return Answered(response_of(refuse(406, kTransportError, "Accept must name text/event-stream.")));
  if (const std::optional<RpcError> wrong = check_version(headers, ""))
    co_return Answered(response_of(*wrong));
  const Found session = co_await find_session(g, in, "");
  if (!session) co_return Answered(response_of(session.error()));
  if (g.streams.full()) co_return too_many_streams();
  protocol::ListSubscriptions question{.ticket = in.ticket, .id = std::string_view(session->id)};
  const protocol::SubscriptionPage wanted = co_await g.monitor->ask(question);
  if (!in.exchange->open()) co_return Answered();  // its client left meanwhile
  if (is_outdated(g, in)) co_return Answered(ask_again());
  if (g.draining) co_return Answered(stopping("null"));
  if (g.streams.full()) co_return too_many_streams();  // others were opened meanwhile
  in.exchange->begin_stream({{kSessionHeader, session->id}});
  in.exchange->send(": open\n\n");
  g.streams.add({.exchange = in.exchange, .who = in.who, .server = in.server, .session = session->id});
  for (const protocol::Subscription& one : wanted.all)
    static_cast<void>(g.streams.subscribe(session->id, one.uri, one.server));
  co_return Answered();
}

Task<Answered> on_session_end(Gateway& g, const Incoming& in) {
  if (is_modern_version(in.exchange->headers().find(kVersionHeader).value_or("")))
    co_return only_post("2026-07-28 has no sessions that could be ended.");
  const Found session = co_await find_session(g, in, "");
  if (!session) co_return Answered(response_of(session.error()));
  protocol::CloseSession order{.ticket = in.ticket, .id = session->id};
  const base::Result<protocol::Done> closed = co_await attempt(g.monitor->ask(order));
  if (!closed && closed.error().why != Why::kNotFound) co_return std::unexpected(closed.error());
  g.streams.forget_session(session->id);
  co_return Answered(Response{});
}

}  // namespace mcpbox::gateway
