// What the monitor gets from the launcher as sealed memory: the master key and the settings.
#pragma once

#include <vector>

#include "privsep/base/fd.h"
#include "privsep/launcher/config.h"
#include "privsep/launcher/outcome.h"
#include "privsep/wire/spawn.h"

namespace mcpbox::launcher {

// The master key, 32 bytes, as a sealed memfd.  The first that is there of
//   $MCPBOX_ENCRYPTION_KEY              64 hexadecimal digits; wiped from our environment
//   $CREDENTIALS_DIRECTORY/master.key   a systemd credential
//   STATE/master.key                    32 bytes, ours, closed to everybody else
// Behind it, 32 more from STATE/master.key.next where that is there: `mcpboxctl key rotate` was cut.
// From a file the bytes go from kernel to kernel: they are never in our memory.
[[nodiscard]] Outcome<base::Fd> take_master_key(int folder);

// What only the launcher can find out about the machine and its configuration.
struct SettingsSource {
  const Config& config;
  const std::vector<std::string>& listening;  // the endpoints that were really opened
  const std::vector<std::string>& admin_listening;
  const std::vector<std::string>& tunnel_listening;
  gid_t admin_gid;                              // 0xffffffff: no such group
  const std::vector<wire::AllowedUser>& users;  // whose programs may use the listeners
  std::string conninfo;                         // of the working role, with its password
};

// The settings as a sealed memfd; a sentence when the connection string does not fit.
[[nodiscard]] Outcome<base::Fd> seal_settings(const SettingsSource& source);

}  // namespace mcpbox::launcher
