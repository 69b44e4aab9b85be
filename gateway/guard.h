// What every request must pass before anybody reads its body: is it addressed to us, by somebody on this
// machine, in exactly one way.  A web page that rebinds a name to 127.0.0.1 fails here, and so does a proxy.
#pragma once

#include <expected>
#include <string_view>

#include "gateway/using_http.h"
#include "privsep/http/framing.h"
#include "privsep/http/headers.h"

namespace mcpbox::gateway {

// A page of this machine, at any port.  (No answer lets a page of another origin read it, and a request that
// needs no such permission cannot have the Content-Type that MCP needs.)
[[nodiscard]] bool is_loopback_origin(std::string_view origin);

// In this order: HTTP/1.1, size, one of each header that decides something, framing, no trace of a proxy,
// Host (400 when missing, 403 when foreign), Origin (403).
[[nodiscard]] std::expected<void, Refusal> check_head(const RequestHead& head, const HostRules& hosts);

}  // namespace mcpbox::gateway
