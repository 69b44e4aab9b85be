// mcpbox.conf: one `key = value` a line, `#` begins a comment.  Read once, by the launcher, and by nobody
// else.  Some of it may be said in the environment instead: config_environment.h.
//
//   key              value                                             default
//   state            folder of everything that must survive            the folder of the configuration file
//   listen           loopback address and port; may be repeated        127.0.0.1:8000 and [::1]:8000
//   tunnel-listen    loopback address and port that cloudflared reaches  none: no remote access
//   isolation        full | trial                                      full
//   missing-layers   names of policy/layers.h that trial gives up      none
//   database         embedded | postgresql:// URL                      embedded
//   database-owner   URL used for migrations only                      the same as database
//   database-remote  yes | no: may the URL lead to another machine     no
//   admin-group      Unix group that may decide after a password       mcpbox-admin, if it exists
//   allow-user       account or uid that may use the listeners; repeated  none
//   spares           idle call children to keep, 1 to 64               two per core
//   requests-per-minute  of one caller, 1 to 1000000               300
//   calls-memory     MB that all calls together may hold, from 256     half of the machine's
//   admin-listen     loopback address and port, or off; may be repeated 127.0.0.1:3000
//   admin-url        how browsers reach it through a reverse proxy     directly
//   admin-proxy      address whose forwarding headers count; repeated  none
//   cors-origin      other origin whose pages may call the API; repeated  none
//   ui               folder of the web UI                              PREFIX/share/mcpbox/ui
//   log              stderr | file, relative to state                  log/mcpbox.log
#pragma once

#include <netinet/in.h>

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/database_url.h"
#include "policy/layers.h"
#include "privsep/launcher/config_environment.h"

namespace mcpbox::launcher {

// A loopback address to listen on, checked.
struct Endpoint {
  std::string text;  // as configured, for messages and status: at most 63 bytes
  sockaddr_in6 v6{};
  sockaddr_in v4{};
  int family = AF_INET;  // says which of the two is set
};

enum class Isolation : unsigned char { kFull, kTrial };
enum class Listening : unsigned char {
  kDefault,
  kConfigured
};  // a default that the machine lacks is skipped

struct Config {
  std::string state;
  std::vector<Endpoint> listen;
  Listening listening = Listening::kDefault;
  std::vector<Endpoint> admin_listen;  // empty: `admin-listen = off`, and nobody speaks HTTP for admins
  Listening admin_listening = Listening::kDefault;
  std::vector<Endpoint> tunnel_listen;     // empty: nobody comes from elsewhere
  std::string ui;                          // folder of the web UI; empty: BIN/../../share/mcpbox/ui
  std::string admin_url;                   // how browsers reach it through a reverse proxy; empty: directly
  std::vector<std::string> admin_proxies;  // addresses whose forwarding headers count
  std::vector<std::string> cors_origins;   // other origins whose pages may call the API
  Isolation isolation = Isolation::kFull;
  policy::Layers missing = 0;
  std::optional<policy::DatabaseUrl> database;        // absent: embedded
  std::optional<policy::DatabaseUrl> database_owner;  // absent: the same as database
  std::optional<std::string> admin_group;             // absent: the default's name, if there is such a group
  std::vector<std::string> allow_users;               // names or numbers, not yet looked up
  unsigned spares = 0;
  unsigned requests_per_minute = 0;                   // 0: limits::kRequestsPerMinute
  unsigned calls_memory_mb = 0;                       // 0: half of the machine's
  std::optional<std::string> log = "log/mcpbox.log";  // absent: standard error
  std::vector<std::string> warnings;                  // what is weaker than it could be, as sentences
};

struct ConfigError {
  int line = 0;  // of the file, from 1; 0 when the file as a whole is wrong
  std::string text;
};

// Reads a configuration from its text: nothing is opened, and nothing is resolved but numbers.
//   environment  what it says takes the place of what the file says about the same key
//   returns  the checked configuration; or the first error with its line.  Unknown and repeated keys are
//   errors.
[[nodiscard]] std::expected<Config, ConfigError> parse_config(std::string_view text,
                                                              const Environment& environment = {});

// What it gives up compared to the defaults, one sentence each; nothing when it gives up nothing.
[[nodiscard]] std::vector<std::string> warnings_of(const Config& config);

// "127.0.0.1:8000" or "[::1]:8000"; nothing when it is anything else than a loopback address with a port.
[[nodiscard]] std::optional<Endpoint> parse_endpoint(std::string_view text);

}  // namespace mcpbox::launcher
