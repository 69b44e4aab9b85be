// Runs in the gateways.  Trusts only the monitor: who calls is what the kernel told it, never what a client
// says.
#include "gateway/access.h"

#include <fcntl.h>
#include <sys/socket.h>

#include "policy/client_tokens.h"
#include "privsep/http/connection.h"

namespace mcpbox::gateway {

namespace {

constexpr std::string_view kScheme = "bearer ";  // in any spelling: RFC 9110, section 11.1

// Ours, or nothing: what a client authorizes itself by elsewhere is not for us.
std::string_view token_of(const Exchange& exchange) {
  std::string_view value = exchange.headers().find("Authorization").value_or("");
  if (lower(value.substr(0, kScheme.size())) != kScheme) return {};
  value.remove_prefix(kScheme.size());
  return value.starts_with(policy::kClientTokenPrefix) ? value : std::string_view();
}

}  // namespace

Task<wire::Id> ticket_of(Gateway& g, std::shared_ptr<Exchange> exchange) {
  const std::shared_ptr<Connection> connection = exchange->connection();
  if (!connection) co_return base::fail(base::Why::kCancelled, "the client has left");
  const std::string token(token_of(*exchange));
  if (connection->caller && connection->caller_token == token &&
      connection->caller_asked_at == g.callers_gone)
    co_return connection->caller->ticket;
  connection->caller.reset();
  protocol::Authenticate question;
  if (token.size() > decltype(question.token)::kMax)
    co_return base::fail(base::Why::kRefused, "this token is not known, or was revoked");
  question.token = token;
  question.connection.reset(::fcntl(connection->fd(), F_DUPFD_CLOEXEC, 0));
  if (!question.connection) co_return base::fail_errno("too many connections: try again in a moment");
  const std::uint64_t asked_at = g.callers_gone;
  protocol::Principal who = co_await g.monitor->ask(question);
  connection->caller = std::move(who);
  connection->caller_asked_at = asked_at;
  connection->caller_token = token;
  co_return connection->caller->ticket;
}

bool is_bridged(const Exchange& exchange) {
  const std::shared_ptr<Connection> connection = exchange.connection();
  sockaddr_storage local{};
  socklen_t size = sizeof local;
  return connection && ::getsockname(connection->fd(), reinterpret_cast<sockaddr*>(&local), &size) == 0 &&
         local.ss_family == AF_UNIX;
}

std::optional<Response> too_often(Gateway& g, const Exchange& exchange) {
  const std::shared_ptr<Connection> connection = exchange.connection();
  if (!connection || !connection->caller) return std::nullopt;
  const std::optional<std::int64_t> wait = g.rates.take(connection->caller->who);
  if (!wait) return std::nullopt;
  return too_often_answer(*wait);
}

Response too_often_answer(std::int64_t wait_seconds) {
  const std::string seconds = std::to_string(wait_seconds);
  Response response{.status = 429,
                    .body = error_body({.code = kTransportError,
                                        .message = "Too many requests of this user: wait " + seconds +
                                                   " s, then go on. Nothing was done."})};
  response.headers.emplace_back("Retry-After", seconds);
  return response;
}

Response refusal_of(const base::Error& error, const Exchange& exchange) {
  const bool refused = error.why == base::Why::kRefused;
  const std::string text =
      refused && !token_of(exchange).empty() ? "This token is not known here, or was revoked. `mcpboxctl "
                                               "client token create NAME` makes another."
      : refused ? "Your user on this machine may not use this MCPbox. An administrator adds the line "
                  "`allow-user = NAME` "
                  "with your user name to mcpbox.conf and restarts MCPbox."
                : "MCPbox cannot answer now: " + std::string(error.text) + ". Try again in a moment.";
  Response response{.status = refused ? 403 : 503,
                    .body = error_body({.code = kTransportError, .message = text}),
                    .after = After::kClose};
  if (!refused) response.headers.emplace_back("Retry-After", "1");
  return response;
}

void caller_gone(Gateway& g, const protocol::CallerGone& news) {
  const std::string who = news.who;
  ++g.callers_gone;
  if (who.empty())
    g.streams.end_all();
  else
    g.streams.end_all_of(who);
}

bool is_outdated(const Gateway& g, const Incoming& in) { return in.callers_gone != g.callers_gone; }

Response ask_again() {
  return {.status = 503,
          .body = error_body({.code = kTransportError,
                              .message = "Who may connect has just changed: send the request again."})};
}

Response stopping(std::string id) {
  return {.status = 503,
          .body = error_body({.code = kTransportError,
                              .message = "MCPbox is being stopped or restarted: nothing was done. Try again "
                                         "in a moment.",
                              .id = std::move(id)}),
          .headers = {{"Retry-After", "2"}},
          .after = After::kClose};
}

void forget_ticket(const Exchange& exchange) {
  if (const std::shared_ptr<Connection> connection = exchange.connection()) connection->caller.reset();
}

}  // namespace mcpbox::gateway
