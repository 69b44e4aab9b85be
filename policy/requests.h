// What a tool's HTTP request may look like, and which grant covers it.  Pure: egress asks before it sends.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "policy/host_names.h"

namespace mcpbox::policy {

// One approved destination.
struct HostRule {
  HostPattern pattern;
  bool any_public = false;   // every host: the administrator's policy; its address must still be public
  std::uint16_t port = 0;    // 0: any
  bool private_too = false;  // an admin approved exactly this host and port, whatever its address
  std::string methods;       // "GET, HEAD"; empty: any
  std::string path_prefix;   // empty: any; begins with "/"
};

// How the monitor writes such a rule: no pattern, which needs two labels after its star.
inline constexpr std::string_view kAnyPublicHost = "*";

// A rule from the monitor's text; nothing for one that cannot be read, which covers nothing.
[[nodiscard]] std::optional<HostRule> read_host_rule(std::string_view host);

// The part of a request that is decided over.
struct RequestLine {
  std::string_view method;
  Host host;
  std::uint16_t port = 0;
  std::string_view target;  // path and query, as they will be sent
};

// What headers among the request's would make of it, for a server that listens to them.
struct Overrides {
  bool method = false;
  bool target = false;
};

struct Coverage {
  bool covered = false;
  Approved approved = Approved::kHost;  // the strongest that covers it
  const char* problem = nullptr;        // when not covered though the host is: what is in the way
};

// Which rule covers the request.
[[nodiscard]] Coverage cover(std::span<const HostRule> rules, const RequestLine& request,
                             Overrides overrides);
// Whether a connection to this host and port may be made at all: what the dialer can decide.
[[nodiscard]] Coverage cover(std::span<const HostRule> rules, const Host& host, std::uint16_t port);

// Literals that say what is wrong; nullptr when nothing is.
[[nodiscard]] const char* method_problem(std::string_view method);
[[nodiscard]] const char* target_problem(std::string_view target);
[[nodiscard]] const char* header_problem(std::string_view name, std::string_view value);

// How every placeholder of a sealed secret begins (privsep/monitor/calls.cc).  Where none is filled in, none
// is sent: it would look like a value, and tell the server which call it is.
inline constexpr std::string_view kPlaceholderMark = "mcpbox-secret-";
constexpr bool holds_placeholder(std::string_view text) {
  return text.find(kPlaceholderMark) != std::string_view::npos;
}

// X-HTTP-Method-Override, X-Original-URL and their relatives.
[[nodiscard]] bool overrides_method(std::string_view header_name);
[[nodiscard]] bool overrides_target(std::string_view header_name);

}  // namespace mcpbox::policy
