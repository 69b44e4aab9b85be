// Under which addresses browsers reach this process, and what every request must pass before anybody looks
// at what it wants.  A page of another origin can neither act nor read here: by Host against rebinding, by
// Origin and Fetch Metadata against forged requests, by SameSite for what is left.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "privsep/http/framing.h"

namespace mcpbox::admin {

struct SiteOptions {
  std::string ui;                    // folder of the web UI
  std::string url;                   // behind a reverse proxy; empty: reached directly
  std::vector<std::string> proxies;  // their addresses
  std::vector<std::string> cors;     // exact origins
};
// From the launcher's words; kInvalid for anything else.
std::optional<SiteOptions> site_options(const std::vector<std::string_view>& words);

// The session's token as a request carries it: 64 hexadecimal digits, or nothing.
struct Token {
  std::string text;
  bool cookie = false;  // else Authorization: Bearer
};
[[nodiscard]] std::optional<Token> token_of(const http::Headers& headers);

class Site {
 public:
  explicit Site(SiteOptions options);
  void listen(const std::vector<std::string>& listeners) { hosts_ = http::HostRules(listeners); }

  // In this order: HTTP/1.1, size, framing, Host, then where the request comes from.
  [[nodiscard]] std::expected<void, http::Refusal> check(const http::RequestHead& head) const;
  // The path below our own root, whether or not a proxy has taken the sub-path away.
  [[nodiscard]] std::string below_root(std::string_view path) const;
  // "/mcpbox" or "".
  [[nodiscard]] const std::string& root() const { return root_; }
  // The client's address: the connection's own, or what a trusted proxy says of it.
  [[nodiscard]] std::string client_of(std::string_view peer, const http::Headers& headers) const;
  // Did this come straight to our own listener, from a program on this machine, and not through a proxy?
  [[nodiscard]] bool is_direct(const http::Headers& headers) const;
  // The origin to name in Access-Control-Allow-Origin; empty: none.
  [[nodiscard]] std::string cors_for(const http::Headers& headers) const;
  [[nodiscard]] std::string set_cookie(std::string_view token, std::int64_t seconds) const;
  [[nodiscard]] const std::string& ui() const { return options_.ui; }

 private:
  [[nodiscard]] bool is_own_origin(std::string_view origin, std::string_view host) const;
  SiteOptions options_;
  http::HostRules hosts_{{}};
  std::string public_origin_;  // of options_.url
  std::string public_host_;
  std::string root_;
};

}  // namespace mcpbox::admin
