// Who is at the other end of a connection.
#pragma once

#include "gateway/gateway.h"

namespace mcpbox::gateway {

// The ticket of the connection's caller; the monitor is asked once per connection and token, with a duplicate
// of its socket.
//   errors  kRefused: this user or token may not connect;  kCancelled: the client has left;  others: try
//   again
[[nodiscard]] Task<wire::Id> ticket_of(Gateway& g, std::shared_ptr<Exchange> exchange);

// Counts a request of this connection's caller: the answer that ends it when there were too many.
[[nodiscard]] std::optional<Response> too_often(Gateway& g, const Exchange& exchange);

// The answer to one request too many.
[[nodiscard]] Response too_often_answer(std::int64_t wait_seconds);

// The answer to a request that ended with such an error before anything was done.
[[nodiscard]] Response refusal_of(const base::Error& error, const Exchange& exchange);

// The answer to a request (JSON text of its id) that came while MCPbox stops.
[[nodiscard]] Response stopping(std::string id);

// This caller may not come any more: its streams end, and whoever comes next is asked for anew.
void caller_gone(Gateway& g, const protocol::CallerGone& news);

// Somebody was sent away since this request's caller was let in, perhaps this one: begin nothing that lasts.
[[nodiscard]] bool is_outdated(const Gateway& g, const Incoming& in);

// The answer to such a request.
[[nodiscard]] Response ask_again();

// It came to the Unix socket, so from our own bridge: no header stands beside the body for others to route
// by.
[[nodiscard]] bool is_bridged(const Exchange& exchange);

// After a kRefused of anything asked with the ticket: the next request on this connection asks anew, because
// the monitor forgets the oldest tickets of a gateway that holds too many.
void forget_ticket(const Exchange& exchange);

}  // namespace mcpbox::gateway
