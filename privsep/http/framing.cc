// Runs in the gateways and in admin.  Trusts nothing: every byte is a client's.  RFC 9112 section 6.
#include "privsep/http/framing.h"

#include <algorithm>
#include <array>

namespace mcpbox::http {
namespace {

constexpr std::array kOnlyOnce = {"host",         "origin",        "content-length", "transfer-encoding",
                                  "content-type", "authorization", "expect"};

std::unexpected<Refusal> refuse(int status, std::string message) {
  return std::unexpected(Refusal{.status = status, .message = std::move(message)});
}

}  // namespace

std::expected<void, Refusal> check_framing(const Headers& headers, std::span<const char* const> once) {
  if (!headers.names_are_tokens())
    return refuse(400, "A header's name has a character that names do not have.");
  for (const std::span<const char* const> names : {std::span<const char* const>(kOnlyOnce), once})
    for (const char* name : names)
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

}  // namespace mcpbox::http
