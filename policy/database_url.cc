// Linked by the launcher (root) and its tests.  Trusts nothing about the text but that an administrator wrote
// it.
#include "policy/database_url.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

namespace mcpbox::policy {
namespace {

using Text = std::string_view;
using Pairs = std::map<std::string, std::string, std::less<>>;

std::unexpected<std::string> wrong(std::string text) { return std::unexpected(std::move(text)); }

// What may follow the `?`.  Not here: anything that lets a file or a list choose host or password, and what
// the monitor could not honour.  The last three change nothing: the monitor has its own.
constexpr Text kParameters[] = {
    "host",      "port", "user", "dbname", "password", "sslmode", "connect_timeout", "application_name",
    "keepalives"};
constexpr Text kIgnored[] = {"connect_timeout", "application_name", "keepalives"};

constexpr Text kSocketFolder = "/var/run/postgresql";  // Debian's; libpq's own default depends on its build
constexpr Text kDefaultPort = "5432";

// Everything after "://", or nothing when the scheme is not PostgreSQL's.
std::optional<Text> after_scheme(Text text) {
  for (const Text scheme : {Text("postgresql+asyncpg://"), Text("postgresql://"), Text("postgres://")})
    if (text.starts_with(scheme)) return text.substr(scheme.size());
  return std::nullopt;
}

// Cuts `text` at the first `mark` and returns what follows it; without a mark, nothing follows.
Text cut(Text& text, char mark) {
  const std::size_t at = text.find(mark);
  if (at == Text::npos) return {};
  const Text rest = text.substr(at + 1);
  text = text.substr(0, at);
  return rest;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Percent-decoding; %00 and a broken escape are errors.
std::optional<std::string> decoded(Text text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    if (at + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[at + 1]);
    const int low = hex_digit(text[at + 2]);
    if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return out;
}

bool put(Pairs& pairs, Text key, Text raw_value) {
  if (raw_value.empty()) return true;
  const std::optional<std::string> value = decoded(raw_value);
  return value && pairs.emplace(key, *value).second;  // a key given twice would hide the first
}

enum class Where : unsigned char { kLoopback, kElsewhere };

// Where a numeric address leads, read by the same function as the one that libpq connects with; nothing for
// a name or anything half numeric ("127.1", "127.0.0.1.example").
std::optional<Where> where(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  if (inet_pton(AF_INET, host.c_str(), bytes.data()) == 1)
    return bytes[0] == IN_LOOPBACKNET ? Where::kLoopback : Where::kElsewhere;
  if (inet_pton(AF_INET6, host.c_str(), bytes.data()) != 1) return std::nullopt;
  const bool loopback = bytes.back() == 1 && std::count(bytes.begin(), bytes.end(), 0) == sizeof bytes - 1;
  return loopback ? Where::kLoopback : Where::kElsewhere;
}

// user:password@host:port, the part between "://" and "/".
bool read_authority(Text authority, Pairs& pairs) {
  if (const std::size_t at = authority.find('@'); at != Text::npos) {
    Text user = authority.substr(0, at);
    authority.remove_prefix(at + 1);
    const Text password = cut(user, ':');
    if (!put(pairs, "user", user) || !put(pairs, "password", password)) return false;
  }
  if (authority.find('@') != Text::npos) return false;  // whose is it?  Written as %40 it is clear
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == Text::npos || !put(pairs, "host", authority.substr(1, end - 1))) return false;
    authority.remove_prefix(end + 1);
    if (!authority.empty() && authority.front() != ':') return false;
    return put(pairs, "port", authority.empty() ? authority : authority.substr(1));
  }
  const Text port = cut(authority, ':');
  return put(pairs, "host", authority) && put(pairs, "port", port);
}

// The first parameter that is unknown, repeated or wrongly escaped; empty when all is well.
std::string read_query(Text query, Pairs& pairs) {
  while (!query.empty()) {
    Text key = query;
    query = cut(key, '&');
    const Text value = cut(key, '=');
    if (std::ranges::find(kParameters, key) == std::ranges::end(kParameters) || !put(pairs, key, value))
      return std::string(key);
  }
  return {};
}

bool is_port(Text port) {
  return !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == Text::npos &&
         std::stoi(std::string(port)) >= 1 && std::stoi(std::string(port)) <= 65535;
}

std::string take(Pairs& pairs, Text key) {
  const auto found = pairs.find(key);
  if (found == pairs.end()) return {};
  std::string value = found->second;
  pairs.erase(found);
  return value;
}

// Puts the place in the form that libpq needs no resolver for.  Returns what is wrong, or nothing.
std::string place(Pairs& pairs, DatabaseReach reach, DatabaseUrl& url) {
  const std::string name = pairs.emplace("host", kSocketFolder).first->second;
  if (name.find(',') != Text::npos) return "the database URL names several hosts: give one";
  if (name.front() == '/') return {};
  if (name.front() == '@')
    return "the database URL names an abstract socket, which the monitor cannot reach: use a socket in a "
           "folder";
  const std::string address = name == "localhost" ? "127.0.0.1" : name;
  const std::optional<Where> found = where(address);
  url.remote = found != Where::kLoopback;
  if (url.remote && reach == DatabaseReach::kThisMachine)
    return "the database host `" + name +
           "` is not on this machine: use a Unix socket or loopback, or set `database-remote = yes`";
  if (!found)
    return "the database host `" + name +
           "` is a name, and nothing here looks names up: give its numeric address";
  pairs["hostaddr"] = address;
  url.tcp_port = static_cast<std::uint16_t>(std::stoi(pairs.emplace("port", kDefaultPort).first->second));
  return {};
}

// TLS is for other machines: on this one there is nobody in between.
std::string choose_encryption(Pairs& pairs, DatabaseUrl& url) {
  const std::string mode = take(pairs, "sslmode");
  if (mode.starts_with("verify"))
    return "`sslmode=" + mode + "` needs files of certificates, and the monitor opens no file: use `require`";
  if (!mode.empty() && mode != "disable" && mode != "prefer" && mode != "require")
    return "`sslmode` in the database URL is disable, prefer or require";
  url.encrypted = url.tcp_port != 0 && (mode == "require" || (url.remote && mode != "disable"));
  pairs["sslmode"] = url.encrypted ? "require" : "disable";
  pairs["gssencmode"] = "disable";
  return {};
}

std::string check(const Pairs& pairs) {
  const auto port = pairs.find("port");
  if (port != pairs.end() && !is_port(port->second)) return "the port in the database URL is not 1 to 65535";
  if (!pairs.contains("dbname")) return "the database URL does not name a database";
  // libpq reads a name with `=` or a scheme in it as a whole connection string.
  if (pairs.find("dbname")->second.find_first_of("=:/") != Text::npos)
    return "the database name must not contain `=`, `:` or `/`";
  return {};
}

// Everything that can be judged once all parts are known.
std::string settle(Pairs& pairs, DatabaseReach reach, DatabaseUrl& url) {
  std::string why = check(pairs);
  if (why.empty()) why = place(pairs, reach, url);
  if (why.empty()) why = choose_encryption(pairs, url);
  if (!why.empty()) return why;
  for (const Text key : kIgnored) take(pairs, key);
  url.user = take(pairs, "user");
  url.password = take(pairs, "password");
  if (url.user.empty() && (url.tcp_port != 0 || !url.password.empty()))
    return "the database URL does not name a user";  // only on a Unix socket does the kernel say who connects
  return {};
}

}  // namespace

std::string conninfo_pair(Text key, Text value) {
  std::string out(key);
  out += "='";
  for (const char c : value) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::expected<DatabaseUrl, std::string> parse_database_url(Text text, DatabaseReach reach) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7f; };
  if (std::ranges::any_of(text, control))
    return wrong("the database URL contains a space or a control character");
  const std::optional<Text> rest = after_scheme(text);
  if (!rest) {
    const std::size_t colon = text.find(':');
    if (colon == Text::npos) return wrong("the database is neither `embedded` nor a postgresql:// URL");
    return wrong("the database scheme `" + std::string(text.substr(0, colon)) +
                 "` is not supported: use postgresql://, postgres:// or postgresql+asyncpg://");
  }
  Pairs pairs;
  Text authority = *rest;
  const Text query = cut(authority, '?');
  const Text name = cut(authority, '/');
  if (!read_authority(authority, pairs) || !put(pairs, "dbname", name))
    return wrong(
        "the database URL is malformed before the `?`: percent-encode `@`, `/`, `:` and `%` in its parts");
  if (const std::string bad = read_query(query, pairs); !bad.empty())
    return wrong("the parameter `" + bad + "` of the database URL is unknown, given twice or badly escaped");
  DatabaseUrl url;
  if (std::string why = settle(pairs, reach, url); !why.empty()) return wrong(std::move(why));
  for (const auto& [key, value] : pairs) {
    if (!url.conninfo.empty()) url.conninfo += ' ';
    url.conninfo += conninfo_pair(key, value);
  }
  return url;
}

std::string conninfo_for(const DatabaseUrl& url, Text account) {
  return url.conninfo + " " + conninfo_pair("user", url.user.empty() ? account : Text(url.user));
}

std::string with_password(const DatabaseUrl& url, Text account) {
  const std::string open = conninfo_for(url, account);
  return url.password.empty() ? open : open + " " + conninfo_pair("password", url.password);
}

}  // namespace mcpbox::policy
