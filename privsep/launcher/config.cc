// Run by the launcher (root).  Trusts the file as far as its owner does: every value is checked, nothing is
// run.
#include "privsep/launcher/config.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "policy/limits.h"

namespace mcpbox::launcher {
namespace {

using Text = std::string_view;
using Problem = std::optional<std::string>;  // absent: all is well

constexpr std::size_t kLineBytes = 4096;  // longer lines are a mistake (or not a configuration file)
constexpr unsigned kMostSpares = 64;
constexpr unsigned kMostCallsMemory = 16'777'216;  // MB: 16 TB
constexpr std::size_t kMostListeners = 8;          // wire::kMaxListeners
constexpr std::size_t kMostUsers = 16;             // wire::kMaxAllowedUsers

// Values that can only be judged when the whole file is known.
struct Pending {
  std::string database, database_owner;
  int database_line = 0, owner_line = 0, missing_line = 0;
  policy::DatabaseReach reach = policy::DatabaseReach::kThisMachine;
};

struct Reader {
  Config config;
  Pending later;
  int line = 0;
};

Text trimmed(Text text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == Text::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::optional<unsigned> number(Text text, unsigned most) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > most) return std::nullopt;
  return value;
}

Problem read_state(Reader& reader, Text value) {
  reader.config.state = value;
  return {};
}

Problem read_listen(Reader& reader, Text value) {
  std::vector<Endpoint>& all = reader.config.listen;
  std::optional<Endpoint> endpoint = parse_endpoint(value);
  if (!endpoint) return "`listen` needs a loopback address and a port, as in 127.0.0.1:8000 or [::1]:8000";
  if (all.size() == kMostListeners) return "`listen` is given more than eight times";
  const auto same = [&](const Endpoint& other) { return other.text == endpoint->text; };
  if (std::ranges::any_of(all, same)) return "`listen` names " + endpoint->text + " twice";
  all.push_back(std::move(*endpoint));
  reader.config.listening = Listening::kConfigured;
  return {};
}

constexpr std::size_t kMostAdminListeners = 2;  // wire::kMaxAdminListeners
constexpr std::size_t kMostOrigins = 16;

Problem read_admin_listen(Reader& reader, Text value) {
  std::vector<Endpoint>& all = reader.config.admin_listen;
  if (value == "off" && all.empty()) {
    reader.config.admin_listening = Listening::kConfigured;
    return {};
  }
  std::optional<Endpoint> endpoint = parse_endpoint(value);
  if (!endpoint) return "`admin-listen` needs a loopback address and a port, as in 127.0.0.1:3000, or off";
  if (all.size() == kMostAdminListeners) return "`admin-listen` is given more than twice";
  all.push_back(std::move(*endpoint));
  reader.config.admin_listening = Listening::kConfigured;
  return {};
}

Problem read_tunnel_listen(Reader& reader, Text value) {
  std::optional<Endpoint> endpoint = parse_endpoint(value);
  if (!endpoint) return "`tunnel-listen` needs a loopback address and a port, as in 127.0.0.2:8002";
  reader.config.tunnel_listen.push_back(std::move(*endpoint));
  return {};
}

Problem read_ui(Reader& reader, Text value) {
  if (!value.starts_with('/')) return "`ui` is an absolute path";
  reader.config.ui = value;
  return {};
}

// http://HOST[:PORT] with nothing that would need escaping; what follows the host is for the caller.
std::optional<Text> after_origin(Text url) {
  for (const Text scheme : {Text("https://"), Text("http://")}) {
    if (!url.starts_with(scheme)) continue;
    const Text rest = url.substr(scheme.size());
    const std::size_t end = std::min(rest.find('/'), rest.size());
    constexpr Text kHost = "abcdefghijklmnopqrstuvwxyz0123456789.-:[]";
    if (end == 0 || rest.substr(0, end).find_first_not_of(kHost) != Text::npos) return std::nullopt;
    return rest.substr(end);
  }
  return std::nullopt;
}

Problem read_admin_url(Reader& reader, Text value) {
  constexpr Text kPath = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_-";
  const std::optional<Text> path = after_origin(value);
  if (!path || path->find_first_not_of(kPath) != Text::npos || value.size() > 200)
    return "`admin-url` is a URL such as https://box.example/mcpbox, the host in lower case";
  reader.config.admin_url = value;
  while (reader.config.admin_url.ends_with('/')) reader.config.admin_url.pop_back();
  return {};
}

Problem read_admin_proxy(Reader& reader, Text value) {
  in6_addr unused{};
  const std::string address(value);
  if (inet_pton(AF_INET, address.c_str(), &unused) != 1 && inet_pton(AF_INET6, address.c_str(), &unused) != 1)
    return "`admin-proxy` is the address of a reverse proxy, without a port";
  if (reader.config.admin_proxies.size() == kMostOrigins)
    return "`admin-proxy` is given more than sixteen times";
  reader.config.admin_proxies.push_back(address);
  return {};
}

Problem read_cors_origin(Reader& reader, Text value) {
  const std::optional<Text> path = after_origin(value);
  if (!path || !path->empty() || value.size() > 200)
    return "`cors-origin` is exactly an origin, as in https://tools.example:8443, in lower case";
  if (reader.config.cors_origins.size() == kMostOrigins)
    return "`cors-origin` is given more than sixteen times";
  reader.config.cors_origins.emplace_back(value);
  return {};
}

Problem read_isolation(Reader& reader, Text value) {
  if (value == "full")
    reader.config.isolation = Isolation::kFull;
  else if (value == "trial")
    reader.config.isolation = Isolation::kTrial;
  else
    return "`isolation` is full or trial";
  return {};
}

std::optional<policy::Layer> layer_named(Text name) {
  for (const policy::LayerName& row : policy::kLayerNames)
    if (row.name == name) return row.layer;
  return std::nullopt;
}

Problem read_missing(Reader& reader, Text value) {
  reader.later.missing_line = reader.line;
  while (!value.empty()) {
    const std::size_t comma = std::min(value.find(','), value.size());
    const Text name = trimmed(value.substr(0, comma));
    value.remove_prefix(std::min(comma + 1, value.size()));
    const std::optional<policy::Layer> layer = layer_named(name);
    if (!layer) return "`" + std::string(name) + "` is not an isolation layer";
    reader.config.missing = reader.config.missing | *layer;
  }
  return {};
}

Problem read_database(Reader& reader, Text value) {
  reader.later.database = value;
  reader.later.database_line = reader.line;
  return {};
}

Problem read_owner(Reader& reader, Text value) {
  reader.later.database_owner = value;
  reader.later.owner_line = reader.line;
  return {};
}

Problem read_remote(Reader& reader, Text value) {
  if (value != "yes" && value != "no") return "`database-remote` is yes or no";
  if (value == "yes") reader.later.reach = policy::DatabaseReach::kAnywhere;
  return {};
}

Problem read_group(Reader& reader, Text value) {
  constexpr Text kName = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
  if (value.find_first_not_of(kName) != Text::npos) return "`admin-group` is the name of a Unix group";
  reader.config.admin_group = value;
  return {};
}

Problem read_user(Reader& reader, Text value) {
  constexpr Text kName = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
  constexpr std::size_t kLongest = 32;
  if (value.find_first_not_of(kName) != Text::npos || value.size() > kLongest)
    return "`allow-user` is the name or the number of a user of this machine";
  if (reader.config.allow_users.size() == kMostUsers) return "`allow-user` is given more than sixteen times";
  reader.config.allow_users.emplace_back(value);
  return {};
}

Problem read_spares(Reader& reader, Text value) {
  const std::optional<unsigned> spares = number(value, kMostSpares);
  if (!spares || *spares == 0) return "`spares` is a number from 1 to 64";
  reader.config.spares = *spares;
  return {};
}

Problem read_requests(Reader& reader, Text value) {
  const std::optional<unsigned> requests = number(value, policy::limits::kRequestsPerMinuteMost);
  if (!requests || *requests == 0) return "`requests-per-minute` is a number from 1 to 1000000";
  reader.config.requests_per_minute = *requests;
  return {};
}

Problem read_calls_memory(Reader& reader, Text value) {
  constexpr unsigned kLeast = policy::limits::kMemoryBytes / policy::limits::kMiB;
  const std::optional<unsigned> memory = number(value, kMostCallsMemory);
  if (!memory || *memory < kLeast)
    return "`calls-memory` is a number of megabytes, at least " + std::to_string(kLeast) +
           ": what one call may use";
  reader.config.calls_memory_mb = *memory;
  return {};
}

Problem read_log(Reader& reader, Text value) {
  reader.config.log = value == "stderr" ? std::nullopt : std::optional<std::string>(value);
  return {};
}

enum class Times : unsigned char { kOnce, kOften };
struct Key {
  Text name;
  Times times;
  Problem (*read)(Reader&, Text);
};
// clang-format off
constexpr Key kKeys[] = {
    { "state",           Times::kOnce,  read_state     },
    { "listen",          Times::kOften, read_listen    },
    { "admin-listen",    Times::kOften, read_admin_listen },
    { "tunnel-listen",   Times::kOnce,  read_tunnel_listen },
    { "admin-url",       Times::kOnce,  read_admin_url },
    { "admin-proxy",     Times::kOften, read_admin_proxy },
    { "cors-origin",     Times::kOften, read_cors_origin },
    { "ui",              Times::kOnce,  read_ui        },
    { "isolation",       Times::kOnce,  read_isolation },
    { "missing-layers",  Times::kOnce,  read_missing   },
    { "database",        Times::kOnce,  read_database  },
    { "database-owner",  Times::kOnce,  read_owner     },
    { "database-remote", Times::kOnce,  read_remote    },
    { "admin-group",     Times::kOnce,  read_group     },
    { "allow-user",      Times::kOften, read_user      },
    { "spares",          Times::kOnce,  read_spares    },
    { "requests-per-minute", Times::kOnce, read_requests },
    { "calls-memory",    Times::kOnce,  read_calls_memory },
    { "log",             Times::kOnce,  read_log       },
};
// clang-format on

Problem read_line(Reader& reader, std::map<Text, int>& seen, Text line) {
  if (line.size() > kLineBytes) return "the line is longer than 4096 bytes";
  line = trimmed(line);
  if (line.empty() || line.front() == '#') return {};
  // A control byte in a path or a name would reach the log and the terminal of whoever reads the message.
  const auto control = [](char c) { return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f; };
  if (std::ranges::any_of(line, control)) return "the line contains a control character";
  const std::size_t equals = line.find('=');
  if (equals == Text::npos) return "expected `key = value`";
  const Text name = trimmed(line.substr(0, equals));
  const Text value = trimmed(line.substr(equals + 1));
  const Key* key = std::ranges::find(kKeys, name, &Key::name);
  if (key == std::ranges::end(kKeys)) return "unknown key `" + std::string(name) + "`";
  if (value.empty()) return "`" + std::string(name) + "` has no value";
  const auto [first, fresh] = seen.emplace(key->name, reader.line);
  if (!fresh && key->times == Times::kOnce)
    return "`" + std::string(name) + "` was already given in line " + std::to_string(first->second);
  return key->read(reader, value);
}

std::expected<std::optional<policy::DatabaseUrl>, ConfigError> read_url(const std::string& text, int line,
                                                                        policy::DatabaseReach reach) {
  if (text.empty() || text == "embedded") return std::nullopt;
  std::expected<policy::DatabaseUrl, std::string> url = policy::parse_database_url(text, reach);
  if (!url) return std::unexpected(ConfigError{line, (line == 0 ? "DATABASE_URL: " : "") + url.error()});
  return std::move(*url);
}

// A key that the environment names is as if the file had not named it.
Problem override_key(Reader& reader, const Override& from) {
  const Key* key = std::ranges::find(kKeys, Text(from.key), &Key::name);
  if (key == std::ranges::end(kKeys)) return "unknown key `" + from.key + "`";
  if (key->name == "cors-origin") reader.config.cors_origins.clear();
  for (const std::string& value : from.values)
    if (Problem problem = key->read(reader, value)) return from.variable + ": " + *problem;
  return {};
}

std::expected<Config, ConfigError> finish(Reader reader) {
  Config& config = reader.config;
  const Pending& later = reader.later;
  auto database = read_url(later.database, later.database_line, later.reach);
  if (!database) return std::unexpected(std::move(database.error()));
  config.database = std::move(*database);
  auto owner = read_url(later.database_owner, later.owner_line, later.reach);
  if (!owner) return std::unexpected(std::move(owner.error()));
  config.database_owner = std::move(*owner);
  if (config.database_owner && !config.database)
    return std::unexpected(ConfigError{later.owner_line, "`database-owner` needs a URL in `database`"});
  // Fail closed: less than everything is only what somebody wrote down twice.
  if (config.missing != 0 && config.isolation == Isolation::kFull)
    return std::unexpected(ConfigError{later.missing_line, "`missing-layers` needs `isolation = trial`"});
  if (config.listen.empty())
    for (const Text text : {Text("127.0.0.1:8000"), Text("[::1]:8000")})
      config.listen.push_back(*parse_endpoint(text));
  if (config.admin_listening == Listening::kDefault)
    config.admin_listen.push_back(*parse_endpoint("127.0.0.1:3000"));
  config.warnings = warnings_of(config);
  return std::move(config);
}

}  // namespace

std::optional<Endpoint> parse_endpoint(Text text) {
  const std::size_t colon = text.rfind(':');
  if (colon == Text::npos || text.size() > 63) return std::nullopt;
  const std::optional<unsigned> port = number(text.substr(colon + 1), 65535);
  if (!port || *port == 0) return std::nullopt;
  Text host = text.substr(0, colon);
  Endpoint endpoint{.text = std::string(text)};
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    endpoint.family = AF_INET6;
    endpoint.v6.sin6_family = AF_INET6;
    endpoint.v6.sin6_port = htons(static_cast<in_port_t>(*port));
    if (inet_pton(AF_INET6, std::string(host).c_str(), &endpoint.v6.sin6_addr) != 1) return std::nullopt;
    if (!IN6_IS_ADDR_LOOPBACK(&endpoint.v6.sin6_addr)) return std::nullopt;
    return endpoint;
  }
  endpoint.v4.sin_family = AF_INET;
  endpoint.v4.sin_port = htons(static_cast<in_port_t>(*port));
  if (inet_pton(AF_INET, std::string(host).c_str(), &endpoint.v4.sin_addr) != 1) return std::nullopt;
  if ((ntohl(endpoint.v4.sin_addr.s_addr) >> 24) != IN_LOOPBACKNET) return std::nullopt;
  return endpoint;
}

std::expected<Config, ConfigError> parse_config(Text text, const Environment& environment) {
  Reader reader;
  std::map<Text, int> seen;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    ++reader.line;
    if (Problem problem = read_line(reader, seen, text.substr(0, end)))
      return std::unexpected(ConfigError{reader.line, std::move(*problem)});
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  reader.line = 0;
  for (const Override& from : environment.overrides)
    if (Problem problem = override_key(reader, from)) return std::unexpected(ConfigError{0, *problem});
  std::expected<Config, ConfigError> config = finish(std::move(reader));
  if (config)
    config->warnings.insert(config->warnings.end(), environment.warnings.begin(), environment.warnings.end());
  return config;
}

}  // namespace mcpbox::launcher
