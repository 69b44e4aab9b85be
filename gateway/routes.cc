// Runs in the gateways.  Trusts nothing: each request passes the guard, the route's body limit and the
// monitor's look at its caller before a handler sees it; a handler cannot forget.
#include "gateway/routes.h"

#include <algorithm>

#include "gateway/access.h"
#include "gateway/eras.h"
#include "gateway/tunnel.h"
#include "policy/names.h"
#include "privsep/http/connection.h"

namespace mcpbox::gateway {
namespace {

namespace limits = policy::limits;

// clang-format off
constexpr Route kRoutes[] = {
    // method           path                  needs             body                 answered by
    { Method::kPost,   "/mcp",               Needs::kCaller,   limits::kBodyBytes,  on_message     },
    { Method::kGet,    "/mcp",               Needs::kCaller,   0,                   on_stream      },
    { Method::kDelete, "/mcp",               Needs::kCaller,   0,                   on_session_end },
    { Method::kPost,   "/mcp/servers/NAME",  Needs::kCaller,   limits::kBodyBytes,  on_message     },
    { Method::kGet,    "/mcp/servers/NAME",  Needs::kCaller,   0,                   on_stream      },
    { Method::kDelete, "/mcp/servers/NAME",  Needs::kCaller,   0,                   on_session_end },
    { Method::kGet,    "/health",            Needs::kNothing,  0,                   on_health      },
};
// clang-format on

constexpr std::string_view kName = "/NAME";

Response refuse(int status, std::string message) {
  return {.status = status,
          .body = error_body({.code = kTransportError, .message = std::move(message)}),
          .after = After::kClose};
}

struct Found {
  const Route* route = nullptr;
  std::string server;
  std::string allowed;  // methods of this path, when the one asked for is not among them
};

Found find_route(const RequestHead& head) {
  Found found;
  for (const Route& route : kRoutes) {
    const std::optional<std::string> server = match(route.path, head.path);
    if (!server) continue;
    if (route.method == head.method) return {.route = &route, .server = *server};
    found.allowed += (found.allowed.empty() ? "" : ", ") + std::string(name_of(route.method));
  }
  return found;
}

Response no_route(const Found& found) {
  if (found.allowed.empty())
    return refuse(404,
                  "There is nothing at this path. MCP is at /mcp, one server's tools alone at "
                  "/mcp/servers/NAME, and /health says whether this process is up.");
  Response response = refuse(405, "This path answers " + found.allowed + " only.");
  response.headers.emplace_back("Allow", found.allowed);
  return response;
}

// Proof first, then the rate of whoever it proves.
Task<Nothing> run_remote(Gateway& g, const Route& route, Incoming in) {
  const std::string address = forwarded_address(in.exchange->headers());
  if (g.failures.too_many(address)) {
    in.exchange->reply(refuse(429, "Too many authentication failures"));
    co_return Nothing{};
  }
  const base::Result<Nothing> proven = co_await attempt(authenticate_remote(g, in));
  if (!proven) {
    g.failures.count(address);
    in.exchange->reply(refuse(403, "Authentication failed"));
    co_return Nothing{};
  }
  if (const std::optional<std::int64_t> wait = g.rates.take(in.who)) {
    in.exchange->reply(too_often_answer(*wait));
    co_return Nothing{};
  }
  base::Result<Answered> answered = co_await attempt(route.answer(g, in));
  if (!answered)
    in.exchange->reply(
        refuse(answered.error().why == base::Why::kRefused ? 403 : 503, std::string(answered.error().text)));
  else if (*answered)
    in.exchange->reply(**answered);
  co_return Nothing{};
}

Task<Nothing> run(Gateway& g, const Route& route, Incoming in) {
  if (route.needs == Needs::kCaller) {
    const base::Result<wire::Id> ticket = co_await attempt(ticket_of(g, in.exchange));
    if (!ticket) {
      in.exchange->reply(refusal_of(ticket.error(), *in.exchange));
      co_return Nothing{};
    }
    in.ticket = *ticket;
    if (const std::shared_ptr<Connection> connection = in.exchange->connection();
        connection && connection->caller) {
      in.who = connection->caller->who;
      in.callers_gone = connection->caller_asked_at;
    }
    if (const std::optional<Response> refused = too_often(g, *in.exchange)) {
      in.exchange->reply(*refused);
      co_return Nothing{};
    }
  }
  base::Result<Answered> answered = co_await attempt(route.answer(g, in));
  if (!answered) {
    if (answered.error().why == base::Why::kRefused) forget_ticket(*in.exchange);
    in.exchange->reply(refusal_of(answered.error(), *in.exchange));
  } else if (*answered) {
    in.exchange->reply(**answered);
  }
  co_return Nothing{};
}

}  // namespace

std::span<const Route> routes() { return kRoutes; }

std::optional<std::string> match(std::string_view route_path, std::string_view path) {
  if (route_path == path) return std::string();
  if (!route_path.ends_with(kName)) return std::nullopt;
  const std::string_view before = route_path.substr(0, route_path.size() - kName.size() + 1);
  if (!path.starts_with(before)) return std::nullopt;
  const std::string_view name = path.substr(before.size());
  if (policy::server_name_problem(name) != policy::NameProblem::kNone) return std::nullopt;
  return std::string(name);
}

void answer(Gateway& g, std::shared_ptr<Exchange> exchange) {
  const bool tunnel = g.entrance == Entrance::kTunnel;
  const auto passed = tunnel ? check_tunnel_head(exchange->head()) : check_head(exchange->head(), g.hosts);
  if (!passed) return exchange->reply(refuse(passed.error().status, passed.error().message));
  const Found found = find_route(exchange->head());
  // What needs no caller is for this machine.
  if (tunnel && found.route != nullptr && found.route->needs == Needs::kNothing)
    return exchange->reply(no_route({}));
  if (found.route == nullptr) return exchange->reply(no_route(found));
  if (exchange->body().size() > found.route->body)
    return exchange->reply(refuse(
        413, "The body is larger than this path takes (" + std::to_string(found.route->body) + " bytes)."));
  Incoming in{.exchange = std::move(exchange), .server = found.server};
  g.tasks.spawn(tunnel ? run_remote(g, *found.route, std::move(in)) : run(g, *found.route, std::move(in)));
}

Task<Answered> on_health(Gateway& g, const Incoming& /*in*/) {
  co_return Answered(Response{.body = R"({"status":"ok","version":)" + quoted(g.version) + "}"});
}

}  // namespace mcpbox::gateway
