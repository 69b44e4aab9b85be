// What every request must pass before anybody reads its body: is it addressed to us, by somebody on this
// machine, in exactly one way.  A web page that rebinds a name to 127.0.0.1 fails here, and so does a proxy.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/headers.h"

namespace mcpbox::gateway {

struct Refusal {
  int status = 400;
  std::string message;  // for people and language models: what is wrong and what to do
};

// The addresses that a client may name: each listener's own, and localhost, 127.0.0.1 and [::1] at its port.
class HostRules {
 public:
  // listeners: "127.0.0.1:8000" or "[::1]:8000", as the monitor's Settings give them
  explicit HostRules(const std::vector<std::string>& listeners);
  // host: the value of a Host header, with or without port (80)
  [[nodiscard]] bool knows(std::string_view host) const;

 private:
  std::vector<std::string> allowed_;
};

// A page of this machine, at any port.  (No answer lets a page of another origin read it, and a request that
// needs no such permission cannot have the Content-Type that MCP needs.)
[[nodiscard]] bool is_loopback_origin(std::string_view origin);

// In this order: HTTP/1.1, size, one of each header that decides something, framing, no trace of a proxy,
// Host (400 when missing, 403 when foreign), Origin (403).
[[nodiscard]] std::expected<void, Refusal> check_head(const RequestHead& head, const HostRules& hosts);

}  // namespace mcpbox::gateway
