// Pure.  Reads names that callers wrote; makes no look-up.
#include "policy/hosts.h"

#include <algorithm>

#include "policy/addresses.h"
#include "policy/host_names.h"
#include "policy/limits.h"

namespace mcpbox::policy {
namespace {

bool is_this_machine(std::string_view name) {
  return name == "localhost" || name.ends_with(".localhost") || name.starts_with("localhost.") ||
         name == "ip6-localhost";
}

}  // namespace

std::expected<std::string, const char*> host_name(std::string_view given, HostAuthor author) {
  const std::expected<HostPattern, const char*> read = read_host_pattern(given);
  if (!read) return std::unexpected(read.error());
  if (read->wildcard && author != HostAuthor::kAdmin)
    return std::unexpected("host must be one exact name: only an administrator may grant *.example.com");
  if (is_this_machine(read->host.name))
    return std::unexpected("host is this machine itself, which no tool may reach");
  return (read->wildcard ? "*." : "") + read->host.name;
}

bool may_be_private(std::string_view host) {
  if (host.find('.') == std::string_view::npos || parse_address(host)) return true;
  const std::string_view last = host.substr(host.rfind('.') + 1);
  constexpr std::string_view kLocal[] = {"local", "lan", "home", "internal", "arpa"};
  return std::ranges::find(kLocal, last) != std::end(kLocal);
}

bool can_be_approved(std::string_view host) {
  if (!host_name(host, HostAuthor::kAdmin)) return false;
  const std::optional<Address> address = parse_address(host);
  return !address || classify(*address).rule != AddressRule::kNever;
}

std::string methods_text(Methods methods) {
  std::string text;
  for (const MethodName& row : kMethods)
    if ((methods & row.bit) != 0) text += (text.empty() ? "" : ", ") + std::string(row.name);
  return text.empty() ? "any" : text;
}

bool is_path_prefix(std::string_view path) {
  if (path.empty() || path.front() != '/' || path.size() > limits::kHostPathBytes) return false;
  for (const char c : path)
    if (c <= ' ' || c > '~' || c == '?' || c == '#' || c == '%' || c == '\\') return false;
  if (path.find("//") != std::string_view::npos) return false;
  const std::string parts = std::string(path) + "/";
  return parts.find("/./") == std::string::npos && parts.find("/../") == std::string::npos;
}

}  // namespace mcpbox::policy
