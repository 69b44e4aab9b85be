// What every request must pass before anybody reads its body: it can be read in exactly one way, and it is
// addressed to us.  A web page that rebinds a name to 127.0.0.1 fails here.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "privsep/http/headers.h"

namespace mcpbox::http {

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

// Names that are tokens, each header that decides something at most once, one length and no coding but
// chunked.
//   once   headers that decide something for this process alone, besides HTTP's own
[[nodiscard]] std::expected<void, Refusal> check_framing(const Headers& headers,
                                                         std::span<const char* const> once);

}  // namespace mcpbox::http
