// Everything that is opened before the first process is started, so that nothing privileged is opened later.
#pragma once

#include "privsep/base/fd.h"
#include "privsep/launcher/call_groups.h"
#include "privsep/launcher/config.h"
#include "privsep/launcher/listeners.h"
#include "privsep/launcher/notify.h"
#include "privsep/launcher/outcome.h"
#include "privsep/launcher/view.h"

namespace mcpbox::launcher {

struct Holdings {
  Config config;
  std::string state;  // absolute
  Cast cast;
  View view;
  OpenListeners listeners;         // the gateways'
  OpenListeners admin_listeners;   // the admin process's
  OpenListeners tunnel_listeners;  // that of the tunnel's gateway
  base::Fd lock, control, key, settings, head, reserve;
  base::Fd mcp;  // the gateways' too: where mcpboxctl stdio connects
  Notify notify = Notify::from_environment();
  std::optional<CallGroups> call_groups;  // nothing: not delegated, or not root
  std::string migrate_conninfo, migrate_password, working_role;
};

// Reads the configuration and opens what it names.  As root this leaves the machine's mount namespace.
//   path     of the configuration file; `state` defaults to its folder
//   returns  all of it, with standard error already going to the log; or a sentence, "FILE:LINE: ..." when
//   the
//            configuration is at fault
[[nodiscard]] Outcome<Holdings> open_everything(const std::string& path);

}  // namespace mcpbox::launcher
