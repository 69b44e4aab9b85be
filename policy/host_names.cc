// Pure.  Used where a grant is written and where a request is checked: both must see the same name.
#include "policy/host_names.h"

#include <algorithm>

namespace mcpbox::policy {
namespace {

constexpr std::size_t kNameBytes = 253;  // RFC 1035
constexpr std::size_t kLabelBytes = 63;

using Refusal = std::unexpected<const char*>;

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); }
constexpr bool is_label_character(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '_';
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// What inet_aton and browsers take for a number: 010, 0x7f, 2130706433.
bool is_number(std::string_view label) {
  if (label.starts_with("0x")) return std::ranges::all_of(label.substr(2), is_hex);
  return !label.empty() && std::ranges::all_of(label, is_digit);
}

const char* label_problem(std::string_view label) {
  if (label.empty()) return "host has two dots in a row, or begins with one: remove it";
  if (label.size() > kLabelBytes) return "host has a part of more than 63 characters";
  if (!std::ranges::all_of(label, is_label_character))
    return "host is a name or an address alone, such as api.example.com: without https://, path, port and "
           "spaces; "
           "write an international name in its ASCII form (xn--...)";
  if (label.front() == '-' || label.back() == '-') return "host has a part that begins or ends with a hyphen";
  return nullptr;
}

const char* name_problem(std::string_view name) {
  if (name.empty()) return "host must not be empty: give a name such as api.example.com";
  if (name.size() > kNameBytes) return "host has at most 253 characters";
  std::string_view rest = name;
  while (true) {
    const std::size_t dot = rest.find('.');
    const std::string_view label = rest.substr(0, dot);
    if (const char* problem = label_problem(label)) return problem;
    if (dot == std::string_view::npos)
      return is_number(label) ? "host ends in a number, so it must be an address: write four decimal "
                                "numbers, none with a leading zero, as in 192.0.2.7"
                              : nullptr;
    rest.remove_prefix(dot + 1);
  }
}

Host host_of(const Address& address) { return {.name = text_of(address), .address = address}; }

}  // namespace

std::expected<Host, const char*> read_host(std::string_view text) {
  if (text.starts_with('[') || text.find(':') != std::string_view::npos) {
    const bool bracketed = text.starts_with('[') && text.ends_with(']') && text.size() > 2;
    if (bracketed) text = text.substr(1, text.size() - 2);
    const std::optional<Address> address = parse_address(text);
    if (!address || !address->v6)
      return Refusal(
          "host has a colon and is no IPv6 address: write one as in [fd00::1], without a zone; a port is an "
          "argument of its own");
    return host_of(*address);
  }
  std::string name = lower(text);
  if (name.ends_with('.')) name.pop_back();  // the root of the name system: the same name
  if (const std::optional<Address> address = parse_address(name)) return host_of(*address);
  if (const char* problem = name_problem(name)) return Refusal(problem);
  return Host{.name = std::move(name), .address = std::nullopt};
}

std::expected<HostPattern, const char*> read_host_pattern(std::string_view text) {
  const bool wildcard = text.starts_with("*.");
  if (wildcard) text.remove_prefix(2);
  if (text.find('*') != std::string_view::npos)
    return Refusal("host has a wildcard that is not at the beginning, as in *.example.com");
  std::expected<Host, const char*> host = read_host(text);
  if (!host) return Refusal(host.error());
  if (wildcard && (host->address || host->name.find('.') == std::string::npos))
    return Refusal("host has a wildcard before less than two parts: write it as in *.example.com");
  return HostPattern{.host = std::move(*host), .wildcard = wildcard};
}

bool matches(const HostPattern& pattern, const Host& host) {
  if (!pattern.wildcard) return pattern.host == host;
  return !host.address && host.name.size() > pattern.host.name.size() + 1 &&
         host.name.ends_with(pattern.host.name) &&
         host.name[host.name.size() - pattern.host.name.size() - 1] == '.';
}

std::string text_of(const Host& host, std::uint16_t port) {
  const bool brackets = host.address && host.address->v6;
  std::string text = brackets ? "[" + host.name + "]" : host.name;
  if (port != 0) text += ":" + std::to_string(port);
  return text;
}

}  // namespace mcpbox::policy
