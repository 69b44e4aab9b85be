// Runs in the gateways.  Trusts nothing: which protocol a message speaks is decided from the message alone.
#include "gateway/eras.h"

#include "gateway/access.h"
#include "gateway/era.h"
#include "gateway/routes.h"
#include "gateway/tunnel.h"
#include "privsep/http/ids.h"
#include "privsep/http/json_check.h"

namespace mcpbox::gateway {
namespace {

constexpr std::string_view kEverything =
    "MCPbox runs Python tools that you write and a person approves. Tools named SERVER__TOOL are ready to "
    "call. To add "
    "one: mcpbox_create_server, mcpbox_create_tool with an `async def main(...)`, mcpbox_test_code to try it "
    "without "
    "network and secrets, mcpbox_request_publish, then wait until a person has approved it "
    "(mcpbox_get_tool_status), and "
    "mcpbox_start_server. Every mcpbox_ tool says what to do next.";
constexpr std::string_view kOneServer =
    "These are the approved tools of one MCPbox server. To write or change tools, connect to /mcp of the "
    "same address.";

Response transport_error(int status, std::string message, std::string id) {
  return response_of(
      {.status = status, .code = kTransportError, .message = std::move(message), .id = std::move(id)});
}

}  // namespace

Task<Answered> on_message(Gateway& g, const Incoming& in) {
  const Headers& headers = in.exchange->headers();
  if (!is_json_type(headers.find("Content-Type").value_or("")))
    co_return Answered(transport_error(415, "Content-Type must be application/json.", "null"));
  const std::expected<Message, RpcError> message = parse_message(in.exchange->body());
  if (!message) co_return Answered(response_of(message.error()));
  if (const std::optional<RpcError> refused = anonymous_refusal(in, *message))
    co_return Answered(response_of(*refused));
  // What belongs to a call in flight still comes through: its cancellation, the answers to its questions.
  if (g.draining && message->kind == MessageKind::kRequest) co_return Answered(stopping(message->id));
  const std::expected<Era, RpcError> era = decide_era(headers, *message);
  if (!era) co_return Answered(response_of(era.error()));
  Answered answered;
  if (*era == Era::kModern)
    answered = co_await answer_modern(g, in, *message);
  else
    answered = co_await answer_legacy(g, in, *message);
  co_return answered;
}

std::string server_info(const Gateway& g) {
  return R"({"name":"mcpbox","title":"MCPbox","version":)" + quoted(g.version) + "}";
}

std::string_view instructions(const Incoming& in) { return in.server.empty() ? kEverything : kOneServer; }

std::string client_text(const json_t* client_info) {
  const std::string_view name = text_of(json_object_get(client_info, "name"));
  const std::string_view version = text_of(json_object_get(client_info, "version"));
  if (name.empty()) return {};
  return fitting(version.empty() ? std::string(name) : std::string(name) + "/" + std::string(version), 128);
}

std::string modern_result(const Gateway& g, std::string_view result, std::string_view hints) {
  const bool asks = result.starts_with(R"({"resultType":"input_required")");
  std::string out = asks ? "{" : R"({"resultType":"complete",)" + std::string(hints);
  const std::string info = "\"" + std::string(kMetaServer) + "\":" + server_info(g);
  const std::optional<std::string_view> meta = find_member(result, "_meta");
  if (!meta || !meta->starts_with('{')) {
    out += R"("_meta":{)" + info + "}";
    const bool empty = result.find_first_not_of(" \t", 1) == result.rfind('}');
    return out + (empty ? "" : ",") + std::string(result.substr(1));
  }
  const auto inside = static_cast<std::size_t>(meta->data() - result.data()) + 1;
  const bool empty = meta->find_first_not_of(" \t", 1) == meta->size() - 1;
  out.append(result.substr(1, inside - 1))
      .append(info)
      .append(empty ? "" : ",")
      .append(result.substr(inside));
  return out;
}

}  // namespace mcpbox::gateway
