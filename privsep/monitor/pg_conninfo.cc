// Run by the monitor before each connection.  Trusts the launcher's connection string to name the right
// database; trusts libpq to look nowhere else only because every parameter that would make it look is set
// here.
#include "privsep/monitor/pg_conninfo.h"

#include <arpa/inet.h>
#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <memory>

#include "privsep/base/handles.h"

namespace mcpbox::monitor {
namespace {

using base::Why;
using Options = std::unique_ptr<PQconninfoOption, base::FreeWith<PQconninfoFree>>;

// The parameters of a connection string that we pass on.  All others choose files, other hosts or the
// session.
constexpr std::array<std::string_view, 6> kPassedOn = {"host",   "hostaddr", "port",
                                                       "dbname", "user",     "password"};

bool passed_on(std::string_view keyword) { return std::ranges::find(kPassedOn, keyword) != kPassedOn.end(); }

const std::string* find(const Conninfo& info, std::string_view keyword) {
  const auto found = std::ranges::find(info, keyword, &Conninfo::value_type::first);
  return found == info.end() ? nullptr : &found->second;
}

bool is_numeric(const std::string& address) {
  std::array<unsigned char, 16> bytes{};
  return inet_pton(AF_INET, address.c_str(), bytes.data()) == 1 ||
         inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1;
}

bool is_loopback(const std::string& address) {
  std::array<unsigned char, 16> bytes{};
  if (inet_pton(AF_INET, address.c_str(), bytes.data()) == 1) return bytes[0] == 127;
  constexpr std::array<unsigned char, 16> kLoopback6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1 && bytes == kLoopback6;
}

// Adds hostaddr where a host name would send libpq to the resolver and its files.  How far a hostaddr may
// lead was the launcher's decision, and the jail was built for it.
base::Result<void> place(Conninfo& info) {
  constexpr const char* kElsewhere =
      "the database must be on a Unix socket or a loopback address of this machine";
  const std::string* address = find(info, "hostaddr");
  if (address != nullptr) {
    if (!is_numeric(*address))
      return base::fail(Why::kInvalid, "the database's hostaddr is not a numeric address");
    return {};
  }
  const std::string* host = find(info, "host");
  if (host == nullptr) {
    info.emplace_back("host",
                      "/var/run/postgresql");  // Debian's folder; libpq's default depends on its build
    return {};
  }
  if (host->find(',') != std::string::npos) return base::fail(Why::kInvalid, "give one database host");
  if (host->starts_with('/') || host->starts_with('@')) return {};
  const std::string numeric = *host == "localhost" ? "127.0.0.1" : *host;
  if (!is_loopback(numeric)) return base::fail(Why::kInvalid, kElsewhere);
  info.emplace_back("hostaddr", numeric);
  return {};
}

}  // namespace

base::Result<Conninfo> read_conninfo(const std::string& text, std::string_view name,
                                     std::string_view settings) {
  char* problem = nullptr;
  std::string_view encryption = "disable";
  const Options parsed(PQconninfoParse(text.c_str(), &problem));
  PQfreemem(problem);  // may quote the password: never shown
  if (parsed == nullptr) return base::fail(Why::kInvalid, "the database's connection string does not parse");

  Conninfo info;
  for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option)
    if (option->val != nullptr && *option->val != '\0') {
      const std::string_view keyword = option->keyword;
      if (passed_on(keyword)) info.emplace_back(keyword, option->val);
      if (keyword == "sslmode" && std::string_view(option->val) == "require") encryption = "require";
    }
  if (find(info, "user") == nullptr)  // libpq would ask the password file of the machine who we are
    return base::fail(Why::kInvalid, "the database's connection string must name a user");
  if (base::Result<void> placed = place(info); !placed) return std::unexpected(placed.error());

  if (find(info, "dbname") == nullptr) info.emplace_back("dbname", *find(info, "user"));
  if (find(info, "port") == nullptr) info.emplace_back("port", "5432");
  if (find(info, "password") == nullptr)
    info.emplace_back("password", "none");   // else ~/.pgpass is looked for
  info.emplace_back("sslmode", encryption);  // nothing between the two: no falling back
  info.emplace_back("gssencmode", "disable");
  info.emplace_back("client_encoding", "UTF8");
  info.emplace_back("application_name", name);
  std::string options;
  for (std::string_view rest = settings; !rest.empty();) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    options += "-c " + std::string(rest.substr(0, end)) + " ";
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  info.emplace_back("options", options);
  return info;
}

}  // namespace mcpbox::monitor
