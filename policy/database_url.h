// What DATABASE_URL (or `database =`) may say, turned into what libpq takes.  Pure: opens and resolves
// nothing.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

namespace mcpbox::policy {

// May the database be on another machine?  Its rows then cross a network: shown as weaker in the status.
// Even then it is named by its numeric address: nobody here looks names up, so nobody can be lied to about
// one.
enum class DatabaseReach : unsigned char { kThisMachine, kAnywhere };

struct DatabaseUrl {
  std::string
      conninfo;      // libpq's `host='...' dbname='...'`, without user and password; over TCP with `hostaddr`
  std::string user;  // empty: the account of the process that connects, as PostgreSQL's `peer` knows it
  std::string password;        // decoded; empty when the URL has none
  std::uint16_t tcp_port = 0;  // 0: a Unix socket
  bool remote = false;         // on another machine
  bool encrypted = false;      // TLS, which keeps others from reading; who answers is not verified
};

// Reads a PostgreSQL URL completely and writes it anew in libpq's key='value' form, so that libpq cannot
// understand a host differently from the check made here.
//   text     postgres://, postgresql:// or postgresql+asyncpg:// (the suffix is dropped);
//            a database, and a user unless it is on a Unix socket without a password; at most one host, in
//            the authority or as ?host=; parameters only from a short list
//   reach    kThisMachine refuses a host that is neither a Unix socket's folder nor loopback; kAnywhere also
//            takes a numeric address, with TLS unless ?sslmode=disable.
//            Names are not resolved: `localhost` is 127.0.0.1, every other name is refused.
//   returns  the connection; or a sentence that names what is wrong and never contains the password
[[nodiscard]] std::expected<DatabaseUrl, std::string> parse_database_url(std::string_view text,
                                                                         DatabaseReach reach);

// One `key='value'` of libpq's connection string, quoted.
[[nodiscard]] std::string conninfo_pair(std::string_view key, std::string_view value);

// The connection of one process.
//   account   its account, for a URL that names no user
//   returns   the connection string, without the password: fit for a command line
[[nodiscard]] std::string conninfo_for(const DatabaseUrl& url, std::string_view account);

// The same with the password, for a reader that gets it over a private descriptor.
[[nodiscard]] std::string with_password(const DatabaseUrl& url, std::string_view account);

}  // namespace mcpbox::policy
