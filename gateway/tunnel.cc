// Runs in the gateway of the tunnel.  Trusts the monitor; decides nothing about who somebody is.
#include "gateway/tunnel.h"

#include <array>

#include "gateway/assertion_header.h"
#include "policy/limits.h"

namespace mcpbox::gateway {
namespace {

// The name that the Worker's VPC service is asked by.
constexpr std::string_view kHost = "mcp-gateway:8002";
constexpr std::array kOnlyOnce = {"mcp-protocol-version",
                                  "mcp-session-id",
                                  "mcp-method",
                                  "mcp-name",
                                  "last-event-id",
                                  "x-mcpbox-assertion",
                                  "x-mcpbox-service-token",
                                  "x-mcpbox-user-email",
                                  "x-mcpbox-auth-method"};
constexpr std::size_t kAddressBytes = 64;

std::unexpected<Refusal> refuse(int status, std::string message) {
  return std::unexpected(Refusal{.status = status, .message = std::move(message)});
}

}  // namespace

std::expected<void, Refusal> check_tunnel_head(const RequestHead& head) {
  if (!head.http11) return refuse(505, "Use HTTP/1.1.");
  if (head.bytes > policy::limits::kHeaderBytes) return refuse(400, "The request's head is too large.");
  if (auto framing = http::check_framing(head.headers, kOnlyOnce); !framing) return framing;
  if (lower(head.headers.find("host").value_or("")) != kHost)
    return refuse(403, "This listener is for the tunnel.");
  if (head.headers.count("origin") > 0) return refuse(403, "Requests from web pages are refused.");
  return {};
}

Task<Nothing> authenticate_remote(Gateway& g, Incoming& in) {
  auto question = read_assertion(in.exchange->head(), in.exchange->body());
  if (!question) {
    g.log.info("not admitted", {{"why", question.error()}});
    co_return base::fail(base::Why::kRefused, "Authentication failed");
  }
  in.callers_gone = g.callers_gone;
  const protocol::Principal who = co_await g.monitor->ask(*question);
  in.ticket = who.ticket;
  in.who = who.who;
  in.anonymous = who.anonymous;
  in.may_list = who.may_list;
  co_return Nothing{};
}

std::optional<RpcError> anonymous_refusal(const Incoming& in, const Message& message) {
  if (!in.anonymous || message.kind == MessageKind::kNotification) return std::nullopt;
  const std::string_view method = message.method;
  if (method == "initialize" || method == "server/discover") return std::nullopt;
  const bool lists = method == "tools/list" || method == "prompts/list" || method == "resources/list" ||
                     method == "resources/templates/list";
  if (lists && in.may_list) return std::nullopt;
  std::string text = "Requires user authentication via Cloudflare Access";
  if (method == "tools/list") text = "Tool listing requires user authentication";
  if (method == "tools/call") text = "Tool execution requires user authentication via MCP Portal";
  return RpcError{
      .code = kInvalidRequest, .message = std::move(text), .id = message.id.empty() ? "null" : message.id};
}

std::string forwarded_address(const Headers& headers) {
  return std::string(headers.find("x-forwarded-for").value_or("")).substr(0, kAddressBytes);
}

}  // namespace mcpbox::gateway
