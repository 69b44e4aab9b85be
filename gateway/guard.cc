// Runs in the gateways.  Trusts nothing: a browser on this machine may be steered by any web page.
// MCP "Security Warning" of the transport pages; RFC 9112 section 6 for framing.
#include "gateway/guard.h"

#include <algorithm>
#include <array>

#include "policy/limits.h"

namespace mcpbox::gateway {
namespace {

constexpr std::array kOnlyOnce = {
    "host",         "origin",        "content-length",       "transfer-encoding",
    "content-type", "authorization", "mcp-protocol-version", "mcp-session-id",
    "mcp-method",   "mcp-name",      "last-event-id",        "expect"};
constexpr std::array kProxyNames = {"forwarded", "via", "x-real-ip"};
constexpr std::array kProxyPrefixes = {"x-forwarded-", "cf-"};

using Checked = std::expected<void, Refusal>;

std::unexpected<Refusal> refuse(int status, std::string message) {
  return std::unexpected(Refusal{.status = status, .message = std::move(message)});
}

Checked check_framing(const Headers& headers) {
  if (!headers.names_are_tokens())
    return refuse(400, "A header's name has a character that names do not have.");
  for (const char* name : kOnlyOnce)
    if (headers.count(name) > 1)
      return refuse(400, std::string("The header ") + name + " appears twice; send it once.");
  const auto coding = headers.find("transfer-encoding");
  const auto length = headers.find("content-length");
  if (coding && length)
    return refuse(400, "Content-Length and Transfer-Encoding exclude each other; send one of them.");
  if (coding && lower(*coding) != "chunked")
    return refuse(501, "The only transfer coding that is understood is chunked.");
  if (length && length->find_first_not_of("0123456789") != std::string_view::npos)
    return refuse(400, "Content-Length must be a decimal number.");
  return {};
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

HostRules::HostRules(const std::vector<std::string>& listeners) {
  for (const std::string& listener : listeners) {
    const std::string port = listener.substr(std::min(listener.rfind(':'), listener.size()));
    allowed_.push_back(lower(listener));
    for (const char* name : {"localhost", "127.0.0.1", "[::1]"}) allowed_.push_back(name + port);
  }
}

bool HostRules::knows(std::string_view host) const {
  std::string wanted = lower(host);
  const std::size_t name_end = wanted.starts_with('[') ? wanted.find(']') : 0;
  if (name_end == std::string::npos) return false;
  if (wanted.find(':', name_end) == std::string::npos) wanted += ":80";
  return std::ranges::find(allowed_, wanted) != allowed_.end();
}

std::expected<void, Refusal> check_head(const RequestHead& head, const HostRules& hosts) {
  if (!head.http11) return refuse(505, "Use HTTP/1.1.");
  if (head.bytes > policy::limits::kHeaderBytes)
    return refuse(
        400, "The request's head is larger than " + std::to_string(policy::limits::kHeaderBytes) + " bytes.");
  if (Checked framing = check_framing(head.headers); !framing) return framing;
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
