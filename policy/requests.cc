// Pure.  The fields come from a call child that may be hostile; nothing of them reaches a wire unchecked.
#include "policy/requests.h"

#include <algorithm>
#include <array>

namespace mcpbox::policy {
namespace {

// RFC 9110, section 5.6.2.
constexpr bool is_token_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_token_character);
}

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool same(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

// What is behind a gateway interface (RFC 3875, 4.1.18) hears `X_A` and `X-A` as one header.
bool same_header(std::string_view a, std::string_view b) {
  const auto plain = [](char c) { return c == '_' ? '-' : lower(c); };
  return std::ranges::equal(a, b, [&plain](char x, char y) { return plain(x) == plain(y); });
}
bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::any_of(names, [name](std::string_view one) { return same_header(one, name); });
}

// Headers of the connection and of framing: whoever sets these decides where a request ends.  `Proxy` is
// where such interfaces look for a proxy of their own.
constexpr std::array<std::string_view, 10> kOwnHeaders = {
    "host",    "content-length", "transfer-encoding", "connection", "te",
    "upgrade", "expect",         "keep-alive",        "trailer",    "proxy"};
constexpr std::array<std::string_view, 4> kMethodOverrides = {"x-http-method-override", "x-http-method",
                                                              "x-method-override", "x-original-method"};
constexpr std::array<std::string_view, 5> kTargetOverrides = {
    "x-original-url", "x-rewrite-url", "x-original-uri", "x-override-url", "x-forwarded-uri"};

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

// Servers differ in how they read these, so a prefix means something only without them.
const char* ambiguous(std::string_view path) {
  std::string plain;
  for (const char c : path) plain += lower(c);
  for (const std::string_view encoded : {"%2e", "%2f", "%5c", "%00", "%25", "\\", ";"})
    if (plain.find(encoded) != std::string::npos)
      return "the approval names a path: a request under it must not have encoded dots, slashes, backslashes "
             "or percent signs, nor semicolons";
  if (plain.find("//") != std::string::npos || plain.find("/./") != std::string::npos ||
      plain.find("/../") != std::string::npos || plain.ends_with("/.") || plain.ends_with("/.."))
    return "the approval names a path: a request under it must not have empty parts, `.` or `..`";
  return nullptr;
}

bool is_under(std::string_view path, std::string_view prefix) {
  if (!path.starts_with(prefix)) return false;
  return path.size() == prefix.size() || prefix.ends_with('/') || path[prefix.size()] == '/';
}

// Is it one of "GET, HEAD"?
bool names(std::string_view methods, std::string_view method) {
  while (!methods.empty()) {
    const std::size_t end = methods.find(',');
    if (methods.substr(0, end) == method) return true;
    if (end == std::string_view::npos) return false;
    methods.remove_prefix(std::min(methods.size(), end + 2));
  }
  return false;
}

const char* rule_problem(const HostRule& rule, const RequestLine& request, Overrides overrides) {
  if (!rule.methods.empty() && !names(rule.methods, request.method))
    return "this method is not approved for the host: the approval names another one";
  if (!rule.methods.empty() && overrides.method)
    return "the approval names a method: a header that overrides it is not sent";
  if (rule.path_prefix.empty()) return nullptr;
  if (overrides.target) return "the approval names a path: a header that overrides it is not sent";
  const std::string_view path = path_of(request.target);
  if (const char* problem = ambiguous(path)) return problem;
  return is_under(path, rule.path_prefix)
             ? nullptr
             : "this path is not approved for the host: the approval names another one";
}

bool reaches(const HostRule& rule, const Host& host, std::uint16_t port) {
  return (rule.port == 0 || rule.port == port) && (rule.any_public || matches(rule.pattern, host));
}
Approved strength(const HostRule& rule) {
  return rule.private_too && rule.port != 0 && !rule.pattern.wildcard && !rule.any_public
             ? Approved::kHostAndPort
             : Approved::kHost;
}

void add(Coverage& all, const HostRule& rule) {
  all.covered = true;
  all.problem = nullptr;
  all.approved = std::max(all.approved, strength(rule));
}

}  // namespace

std::optional<HostRule> read_host_rule(std::string_view host) {
  if (host == kAnyPublicHost) return HostRule{.any_public = true};
  std::expected<HostPattern, const char*> pattern = read_host_pattern(host);
  if (!pattern) return std::nullopt;
  return HostRule{.pattern = std::move(*pattern)};
}

Coverage cover(std::span<const HostRule> rules, const RequestLine& request, Overrides overrides) {
  Coverage all;
  for (const HostRule& rule : rules) {
    if (!reaches(rule, request.host, request.port)) continue;
    const char* problem = rule_problem(rule, request, overrides);
    if (problem == nullptr)
      add(all, rule);
    else if (!all.covered)
      all.problem = problem;
  }
  return all;
}

Coverage cover(std::span<const HostRule> rules, const Host& host, std::uint16_t port) {
  Coverage all;
  for (const HostRule& rule : rules)
    if (reaches(rule, host, port)) add(all, rule);
  return all;
}

const char* method_problem(std::string_view method) {
  if (!is_token(method) || method.size() > 32) return "a method is a token of at most 32 characters";
  if (same(method, "CONNECT") || same(method, "TRACE") || same(method, "PRI"))
    return "the methods CONNECT, TRACE and PRI are not sent: they change what the connection is";
  return nullptr;
}

const char* target_problem(std::string_view target) {
  if (!target.starts_with('/') && target != "*") return "a path begins with `/`";
  const auto bad = [](char c) { return c <= ' ' || c >= 0x7f || c == '#'; };
  if (std::ranges::any_of(target, bad))
    return "a path has visible ASCII characters only: encode others with percent signs";
  return nullptr;
}

const char* header_problem(std::string_view name, std::string_view value) {
  if (!is_token(name)) return "a header's name is a token";
  if (is_one_of(kOwnHeaders, name))
    return "the headers Host, Content-Length, Transfer-Encoding, Connection, TE, Trailer, Upgrade, Expect, "
           "Keep-Alive and Proxy are set for the tool, not by it";
  if (same_header(name.substr(0, 6), "proxy-")) return "a header that begins with Proxy- is not sent";
  const auto bad = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\r' || byte == '\n' || byte == 0 || (byte < ' ' && byte != '\t') || byte == 0x7f;
  };
  if (std::ranges::any_of(value, bad)) return "a header's value has no control characters";
  return nullptr;
}

bool overrides_method(std::string_view header_name) { return is_one_of(kMethodOverrides, header_name); }

bool overrides_target(std::string_view header_name) { return is_one_of(kTargetOverrides, header_name); }

}  // namespace mcpbox::policy
