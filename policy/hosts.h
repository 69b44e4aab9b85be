// What a host may be called in a grant, and what a grant reaches.  The monitor compares names in their one
// spelling, it does not resolve them; which addresses a name may have is policy/addresses' question.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace mcpbox::policy {

// Who writes it: only an administrator may write `*.example.com`.
enum class HostAuthor : std::uint8_t { kCaller, kAdmin };

// The one spelling of the host or pattern (host_names.h), or a literal that says which rule it breaks and
// what to write instead: those of host_names.h, and that no tool may reach this machine itself.
[[nodiscard]] std::expected<std::string, const char*> host_name(std::string_view given, HostAuthor author);

// `*.example.com`: every name below example.com, not example.com itself.
constexpr bool is_wildcard(std::string_view host) { return host.starts_with("*."); }

// Does a grant's host (or pattern) cover a host in its one spelling?
constexpr bool covers_host(std::string_view granted, std::string_view host) {
  if (!is_wildcard(granted)) return granted == host;
  const std::string_view suffix = granted.substr(1);
  return host.size() > suffix.size() && host.ends_with(suffix) && !host.starts_with('*');
}

// A host that the policy "all public hosts" cannot mean for sure: an address, a name without a dot, a name of
// the local network.
[[nodiscard]] bool may_be_private(std::string_view host);

// Whether an approval of this host could lead anywhere.  Not of a name of this machine, or of an address that
// tools never connect to: that a tool tried it is no suggestion.
[[nodiscard]] bool can_be_approved(std::string_view host);

// HTTP methods as a set; 0 in a grant means any.
using Methods = std::uint16_t;
struct MethodName {
  std::string_view name;
  Methods bit;
};
inline constexpr MethodName kMethods[] = {{"GET", 1},    {"HEAD", 2},    {"POST", 4},    {"PUT", 8},
                                          {"PATCH", 16}, {"DELETE", 32}, {"OPTIONS", 64}};
inline constexpr Methods kAllMethods = 127;

// Nothing for a method without a name in the table: a grant that names methods never covers it.
constexpr std::optional<Methods> method_of(std::string_view name) {
  for (const MethodName& row : kMethods)
    if (row.name == name) return row.bit;
  return std::nullopt;
}
constexpr bool covers_method(Methods granted, Methods asked) {
  return granted == 0 || (asked != 0 && (asked & ~granted) == 0);
}
// "GET, HEAD"; "any".
[[nodiscard]] std::string methods_text(Methods methods);

// A grant's path begins with "/", is visible ASCII without "?", "#", "%", "\" and without "." or ".." parts.
[[nodiscard]] bool is_path_prefix(std::string_view path);
// Whole parts only: /api covers /api and /api/x, not /apis.  `path` without its query, dot parts resolved.
constexpr bool covers_path(std::string_view granted, std::string_view path) {
  if (granted.empty()) return true;
  if (!path.starts_with(granted)) return false;
  return granted.ends_with('/') || path.size() == granted.size() || path[granted.size()] == '/';
}

}  // namespace mcpbox::policy
