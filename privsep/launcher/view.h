// The paths that our processes use, and who they are there.
//
// As root the launcher moves into a mount namespace of its own and shows its children everything under one
// folder that exists only there:
//   /run/mcpbox/data    STATE/db/data, the database's rows
//   /run/mcpbox/socket  STATE/db/socket, where the database listens
//   /run/mcpbox/etc     passwd, pg_hba.conf and pg_ident.conf, made anew at each start
// So a state folder below /root works, paths are never too long for a socket, STATE/db can be closed to all
// other users of the machine, and the generated passwd file, laid over /etc/passwd, gives names to uids that
// have no account: without a name PostgreSQL's peer authentication knows nobody. Rootless, the paths are the
// real ones, and everybody is the one user.
#pragma once

#include <string>
#include <vector>

#include "privsep/launcher/accounts.h"
#include "privsep/launcher/config.h"
#include "privsep/launcher/outcome.h"

namespace mcpbox::launcher {

struct View {
  std::string bin;  // where the binaries are: the launcher's own folder, in both cases
  std::string data, socket, etc;
};

// A part of ours under its own uid.
struct Member {
  std::string name;  // as PostgreSQL will see it
  Identity identity;
};

// Who is who on this machine.  Rootless, all are the user.
struct Cast {
  Member database, migrate, monitor;
  std::vector<Identity> rows;  // beside spawn_table()
};

// Looks everybody up.  The embedded database's account must exist when it is used.
[[nodiscard]] Outcome<Cast> cast_for_this_user(const Config& config);

// Builds the view.
//   state    absolute path of the state folder
//   returns  the paths, or which step failed.  As root this changes the mount namespace of the caller.
[[nodiscard]] Outcome<View> build_view(const Config& config, const std::string& state, const Cast& cast);

// The folder of the running binary, absolute.
[[nodiscard]] Outcome<std::string> own_folder();

}  // namespace mcpbox::launcher
