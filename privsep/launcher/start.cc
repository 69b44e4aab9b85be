// Run by the launcher (root), once.  Trusts the configuration as far as config.cc checked it.
#include "privsep/launcher/start.h"

#include <unistd.h>

#include <cstdlib>

#include "privsep/launcher/accounts.h"
#include "privsep/launcher/config_file.h"
#include "privsep/launcher/database.h"
#include "privsep/launcher/handover.h"
#include "privsep/launcher/kernel.h"
#include "privsep/launcher/probe.h"
#include "privsep/launcher/spawn_table.h"
#include "privsep/launcher/state.h"

namespace mcpbox::launcher {
namespace {

using base::Fd;
using Done = Outcome<void>;

constexpr gid_t kNoGroup = 0xffffffff;
constexpr const char* kDefaultGroup = "mcpbox-admin";

// Fail closed, and before anything runs: a layer that this machine refuses must have been given up by name.
Done check_isolation(const Config& config) {
  if (geteuid() != 0 && config.isolation == Isolation::kFull)
    return refuse(
        "full isolation needs root: start as root, or write `isolation = trial` and `missing-layers = " +
        names_of(missing_here()) + "`");
  const policy::Layers lacking = missing_here() & ~config.missing;
  if (lacking != 0)
    return refuse("this machine lacks isolation layers that the configuration does not give up: " +
                  names_of(lacking));
  return {};
}

Outcome<gid_t> admin_group(const Config& config) {
  const std::optional<gid_t> gid = group_named(kGroupFile, config.admin_group.value_or(kDefaultGroup));
  if (!gid && config.admin_group)
    return refuse("there is no group `" + *config.admin_group + "` (admin-group)");
  return gid.value_or(kNoGroup);
}

// A name that the machine does not have is a mistake that somebody should hear of, not a user to leave out.
Outcome<std::vector<wire::AllowedUser>> allowed_users(const Config& config) {
  std::vector<wire::AllowedUser> users;
  for (const std::string& written : config.allow_users) {
    wire::AllowedUser user{};
    const bool number = written.find_first_not_of("0123456789") == std::string::npos;
    const std::optional<Identity> account = account_named(kPasswdFile, written);
    if (!number && !account) return refuse("there is no user `" + written + "` (allow-user)");
    user.uid = number ? static_cast<std::uint32_t>(std::strtoul(written.c_str(), nullptr, 10)) : account->uid;
    const std::string name = number ? name_of_uid(kPasswdFile, user.uid).value_or(written) : written;
    name.copy(user.name.data(), user.name.size() - 1);
    users.push_back(user);
  }
  return users;
}

// What the monitor and mcpbox-migrate connect to.  A URL without a user means whoever connects, so that two
// accounts can be two roles.
std::string choose_database(Holdings& all) {
  if (!all.config.database) {
    all.working_role = kWorkingRole;
    all.migrate_conninfo = embedded_conninfo(all.view, kOwnerRole);
    return embedded_conninfo(all.view, kWorkingRole);
  }
  const policy::DatabaseUrl& working = *all.config.database;
  const policy::DatabaseUrl& owner = all.config.database_owner ? *all.config.database_owner : working;
  all.working_role = working.user.empty() ? all.cast.monitor.name : working.user;
  all.migrate_conninfo = policy::conninfo_for(owner, all.cast.migrate.name);
  all.migrate_password = owner.password;
  return policy::with_password(working, all.cast.monitor.name);
}

Done open_log_of(const Config& config, int folder) {
  if (!config.log) return {};
  Outcome<Fd> log = open_log(folder, *config.log);
  if (!log) return std::unexpected(log.error());
  if (dup2(log->get(), STDERR_FILENO) < 0) return refuse_errno("cannot write to the log");
  return {};
}

template <class T>
Done keep(T& into, Outcome<T> value) {
  if (!value) return std::unexpected(std::move(value.error()));
  into = std::move(*value);
  return {};
}

Done open_all(Holdings& all, int folder) {
  Done done = check_kernel();
  if (done) done = check_isolation(all.config);
  if (done) done = keep(all.lock, lock_state(folder));
  if (done) done = keep(all.cast, cast_for_this_user(all.config));
  std::vector<Inherited> inherited;
  if (done) done = keep(inherited, take_inherited());
  if (done) done = keep(all.admin_listeners, open_admin_listeners(all.config, inherited));
  if (done) done = keep(all.tunnel_listeners, open_tunnel_listeners(all.config, inherited));
  if (done) done = keep(all.listeners, open_listeners(all.config, std::move(inherited)));
  if (done) done = keep(all.control, open_control(folder));
  if (done) done = keep(all.mcp, open_mcp(folder));
  if (done) done = keep(all.key, take_master_key(folder));
  if (done) done = keep(all.head, open_audit_head(folder));
  if (done) done = keep(all.reserve, open_space_reserve(folder));
  if (done) done = keep(all.view, build_view(all.config, all.state, all.cast));
  gid_t group = kNoGroup;
  std::vector<wire::AllowedUser> users;
  if (done) done = keep(group, admin_group(all.config));
  if (done) done = keep(users, allowed_users(all.config));
  if (!done) return done;
  done = keep(all.settings, seal_settings({all.config, all.listeners.names, all.admin_listeners.names,
                                           all.tunnel_listeners.names, group, users, choose_database(all)}));
  if (done) done = open_log_of(all.config, folder);  // last: until here the person at the terminal is told
  return done;
}

}  // namespace

Outcome<Holdings> open_everything(const std::string& path) {
  Outcome<ConfigFile> file = read_config_file(path, take_environment());
  if (!file) return std::unexpected(file.error());

  Holdings all;
  all.config = std::move(file->config);
  all.state = std::move(file->state);
  const Outcome<Fd> folder = open_state(all.state);
  if (!folder) return std::unexpected(folder.error());
  const Done done = open_all(all, folder->get());
  if (!done) return std::unexpected(done.error());
  return all;
}

}  // namespace mcpbox::launcher
