// Runs in the gateways.  Trusts nothing: a browser on this machine may be steered by any web page.
// MCP "Security Warning" of the transport pages; RFC 9112 section 6 for framing.
#include "gateway/guard.h"

#include <algorithm>
#include <array>

#include "policy/limits.h"

namespace mcpbox::gateway {
namespace {

constexpr std::array kOnlyOnce = {"mcp-protocol-version", "mcp-session-id", "mcp-method", "mcp-name",
                                  "last-event-id"};
constexpr std::array kProxyNames = {"forwarded", "via", "x-real-ip"};
constexpr std::array kProxyPrefixes = {"x-forwarded-", "cf-"};

using Checked = std::expected<void, Refusal>;

std::unexpected<Refusal> refuse(int status, std::string message) {
  return std::unexpected(Refusal{.status = status, .message = std::move(message)});
}

// Whoever forwards requests here hides who asks; the remote listener exists for that.
Checked check_proxies(const Headers& headers) {
  std::string_view found;
  for (const char* name : kProxyNames)
    if (headers.count(name) > 0) found = name;
  for (const char* prefix : kProxyPrefixes)
    if (found.empty()) found = headers.first_with_prefix(prefix);
  if (found.empty()) return {};
  return refuse(
      403, "This listener serves clients on this machine directly and refuses forwarded requests (header " +
               std::string(found) + "). Connect without a proxy.");
}

Checked check_origin(const Headers& headers) {
  const auto origin = headers.find("origin");
  if (!origin) return {};
  if (is_loopback_origin(*origin)) return {};
  return refuse(403, "Requests from web pages of this Origin are refused.");
}

}  // namespace

bool is_loopback_origin(std::string_view origin) {
  const std::string all = lower(origin);
  std::string_view rest = all;
  if (rest.starts_with("http://"))
    rest.remove_prefix(7);
  else if (rest.starts_with("https://"))
    rest.remove_prefix(8);
  else
    return false;
  for (const std::string_view name : {"localhost", "127.0.0.1", "[::1]"}) {
    if (!rest.starts_with(name)) continue;
    const std::string_view port = rest.substr(name.size());
    if (port.empty()) return true;
    return port.size() > 1 && port[0] == ':' &&
           port.find_first_not_of("0123456789", 1) == std::string_view::npos;
  }
  return false;
}

std::expected<void, Refusal> check_head(const RequestHead& head, const HostRules& hosts) {
  if (!head.http11) return refuse(505, "Use HTTP/1.1.");
  if (head.bytes > policy::limits::kHeaderBytes)
    return refuse(
        400, "The request's head is larger than " + std::to_string(policy::limits::kHeaderBytes) + " bytes.");
  if (Checked framing = http::check_framing(head.headers, kOnlyOnce); !framing) return framing;
  if (Checked direct = check_proxies(head.headers); !direct) return direct;
  const auto host = head.headers.find("host");
  if (!host || host->empty()) return refuse(400, "The Host header is missing.");
  if (!hosts.knows(*host))
    return refuse(
        403,
        "This Host is not one of this server's addresses. Use the URL that `make run` or `mcpboxctl "
        "status` shows.");
  return check_origin(head.headers);
}

}  // namespace mcpbox::gateway
