// The rules of the listener that cloudflared reaches: every request brings its own proof, and whoever comes
// without an e-mail address can say hello and little more.
#pragma once

#include <optional>
#include <string>

#include "gateway/gateway.h"

namespace mcpbox::gateway {

// As check_head() of guard.h, for a listener behind the Worker: it is addressed by the tunnel's name, never
// by a page, and headers that prove something are there once.
[[nodiscard]] std::expected<void, Refusal> check_tunnel_head(const RequestHead& head);

// Whose request it is, by the monitor's word: fills in ticket, who and what the caller may do.  Every error
// is one sentence and 403, whatever was wrong.
[[nodiscard]] Task<Nothing> authenticate_remote(Gateway& g, Incoming& in);

// What a caller without an e-mail address may not ask (contract 4.2), or nothing.
[[nodiscard]] std::optional<RpcError> anonymous_refusal(const Incoming& in, const Message& message);

[[nodiscard]] std::string forwarded_address(const Headers& headers);

}  // namespace mcpbox::gateway
