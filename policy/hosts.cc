// Pure.  Reads names that callers wrote; makes no look-up.
#include "policy/hosts.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "policy/limits.h"

namespace mcpbox::policy {
namespace {

constexpr std::size_t kLabelBytes = 63;

bool is_label_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool is_number(std::string_view label) {
  if (label.starts_with("0x")) return true;  // inet_aton takes it for one
  return std::ranges::all_of(label, [](char c) { return c >= '0' && c <= '9'; });
}

HostProblem name_problem(std::string_view name) {
  while (true) {
    const std::size_t end = name.find('.');
    const std::string_view label = name.substr(0, end);
    if (label.empty() || label.size() > kLabelBytes) return HostProblem::kLabel;
    if (!std::ranges::all_of(label, is_label_character)) return HostProblem::kCharacter;
    if (label.front() == '-' || label.back() == '-') return HostProblem::kLabel;
    if (end == std::string_view::npos) return HostProblem::kNone;
    name.remove_prefix(end + 1);
  }
}

HostName address_of(const std::string& text, int family) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  std::array<char, INET6_ADDRSTRLEN> shortest{};
  if (::inet_pton(family, text.c_str(), bytes.data()) != 1 ||
      ::inet_ntop(family, bytes.data(), shortest.data(), shortest.size()) == nullptr)
    return {.name = text, .problem = HostProblem::kAddress};
  return {.name = shortest.data()};
}

HostProblem wildcard_problem(std::string_view name, HostAuthor author) {
  if (author != HostAuthor::kAdmin) return HostProblem::kWildcard;
  const std::string_view below = name.substr(2);
  if (below.find('*') != std::string_view::npos || below.find('.') == std::string_view::npos)
    return HostProblem::kWildcard;  // *.com reaches nearly everybody
  if (is_number(below.substr(below.rfind('.') + 1))) return HostProblem::kWildcard;
  return name_problem(below);
}

bool is_this_machine(std::string_view name) {
  return name == "localhost" || name.ends_with(".localhost") || name.starts_with("localhost.") ||
         name == "ip6-localhost";
}

}  // namespace

const char* reason_of(HostProblem problem) {
  switch (problem) {
    case HostProblem::kNone:
      return "";
    case HostProblem::kEmpty:
      return "host must not be empty: give a name such as api.example.com";
    case HostProblem::kTooLong:
      return "host has at most 253 characters";
    case HostProblem::kCharacter:
      return "host is a name or an address alone, such as api.example.com: without https://, path, port and "
             "spaces; the port is an argument of its own, and a name with other letters is written in its "
             "xn-- form";
    case HostProblem::kLabel:
      return "host has an empty part, one of more than 63 characters, or one that begins or ends with a "
             "hyphen";
    case HostProblem::kAddress:
      return "host looks like an address and is none: write 192.0.2.7 or 2001:db8::7";
    case HostProblem::kSelf:
      return "host is this machine itself, which no tool may reach";
    case HostProblem::kWildcard:
      return "host must be one exact name: only an administrator may grant *.example.com, and only with at "
             "least two parts after the star";
  }
  return "";
}

HostName host_name(std::string_view given, HostAuthor author) {
  while (given.starts_with(' ')) given.remove_prefix(1);
  while (given.ends_with(' ')) given.remove_suffix(1);
  while (given.size() > 1 && given.ends_with('.')) given.remove_suffix(1);
  if (given.size() > 2 && given.starts_with('[') && given.ends_with(']'))
    given = given.substr(1, given.size() - 2);
  std::string name(given);
  for (char& c : name)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (name.empty()) return {.problem = HostProblem::kEmpty};
  if (name.size() > limits::kHostBytes) return {.name = name, .problem = HostProblem::kTooLong};
  // "a:443" is a name with a port, "::1" an address.
  if (std::ranges::count(name, ':') > 1) return address_of(name, AF_INET6);
  if (is_wildcard(name)) return {.name = name, .problem = wildcard_problem(name, author)};
  if (name.find('*') != std::string::npos) return {.name = name, .problem = HostProblem::kWildcard};
  const HostProblem problem = name_problem(name);
  if (problem != HostProblem::kNone) return {.name = name, .problem = problem};
  if (is_this_machine(name)) return {.name = name, .problem = HostProblem::kSelf};
  const std::string_view last = std::string_view(name).substr(name.rfind('.') + 1);
  if (is_number(last)) return address_of(name, AF_INET);
  return {.name = std::move(name)};
}

bool may_be_private(std::string_view host) {
  if (host.find(':') != std::string_view::npos || host.find('.') == std::string_view::npos) return true;
  const std::string_view last = host.substr(host.rfind('.') + 1);
  constexpr std::string_view kLocal[] = {"local", "lan", "home", "internal", "arpa"};
  return is_number(last) || std::ranges::find(kLocal, last) != std::end(kLocal);
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
