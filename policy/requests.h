// What a tool's HTTP request may look like, and which grant covers it.  Pure: egress asks before it sends.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "policy/host_names.h"

namespace mcpbox::policy {

// One approved destination.
struct HostRule {
  HostPattern pattern;
  std::uint16_t port = 0;    // 0: any
  bool private_too = false;  // an admin approved exactly this host and port, whatever its address
  std::string methods;       // "GET, HEAD"; empty: any
  std::string path_prefix;   // empty: any; begins with "/"
};

// The part of a request that is decided over.
struct RequestLine {
  std::string_view method;
  Host host;
  std::uint16_t port = 0;
  std::string_view target;  // path and query, as they will be sent
};

struct Coverage {
  bool covered = false;
  Approved approved = Approved::kHost;  // the strongest that covers it
  const char* problem = nullptr;        // when not covered though the host is: what is in the way
};

// Which rule covers the request.  override_header: a header among the request's would change its method.
[[nodiscard]] Coverage cover(std::span<const HostRule> rules, const RequestLine& request,
                             bool override_header);
// Whether a connection to this host and port may be made at all: what the dialer can decide.
[[nodiscard]] Coverage cover(std::span<const HostRule> rules, const Host& host, std::uint16_t port);

// Literals that say what is wrong; nullptr when nothing is.
[[nodiscard]] const char* method_problem(std::string_view method);
[[nodiscard]] const char* target_problem(std::string_view target);
[[nodiscard]] const char* header_problem(std::string_view name, std::string_view value);

// X-HTTP-Method-Override and its relatives.
[[nodiscard]] bool overrides_method(std::string_view header_name);

}  // namespace mcpbox::policy
