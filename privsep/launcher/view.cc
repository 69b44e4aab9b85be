// Run by the launcher (root).  Makes mounts in a namespace of its own; trusts the checked state folder and
// /etc.
#include "privsep/launcher/view.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <climits>

#include "privsep/base/fd.h"
#include "privsep/launcher/spawn_table.h"

namespace mcpbox::launcher {
namespace {

using base::Fd;
using Done = Outcome<void>;

constexpr const char* kRoot = "/run/mcpbox";
// sun_path has 108 bytes, one of them the end; PostgreSQL adds its own name to the folder.
constexpr std::size_t kSocketFolderBytes = 107 - std::string_view("/.s.PGSQL.5432").size();

Done write_file(const std::string& path, std::string_view text) {
  const Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!file) return refuse_errno("cannot write " + path);
  if (write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return refuse_errno("cannot write " + path);
  return {};
}

// Nobody but our two roles, each only for the process that should have it; the superuser for nobody at all.
constexpr std::string_view kHba =
    "# type  database  user            method\n"
    "local   mcpbox    mcpbox_owner    peer map=mcpbox\n"
    "local   mcpbox    mcpbox_monitor  peer map=mcpbox\n";

Done write_database_rules(const std::string& etc, const Cast& cast) {
  const std::string ident = "# map    system user    role\nmcpbox \"" + cast.migrate.name +
                            "\" mcpbox_owner\nmcpbox \"" + cast.monitor.name + "\" mcpbox_monitor\n";
  if (Done done = write_file(etc + "/pg_hba.conf", kHba); !done) return done;
  return write_file(etc + "/pg_ident.conf", ident);
}

std::string passwd_line(const Member& member) {
  return member.name + ":x:" + std::to_string(member.identity.uid) + ":" +
         std::to_string(member.identity.gid) + "::/nonexistent:/usr/sbin/nologin\n";
}

// The machine's accounts, then ours: the file that our processes see as /etc/passwd.
Done write_passwd(const std::string& path, const Cast& cast) {
  const Fd machine(open(kPasswdFile, O_RDONLY | O_CLOEXEC));
  struct stat about{};
  if (!machine || fstat(machine.get(), &about) != 0) return refuse_errno("cannot read /etc/passwd");
  if (Done done = write_file(path, ""); !done) return done;
  const Fd copy(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!copy ||
      sendfile(copy.get(), machine.get(), nullptr, static_cast<std::size_t>(about.st_size)) != about.st_size)
    return refuse_errno("cannot copy /etc/passwd");
  std::string ours = "\n";
  for (const Member* member : {&cast.migrate, &cast.monitor}) ours += passwd_line(*member);
  if (write(copy.get(), ours.data(), ours.size()) != static_cast<ssize_t>(ours.size()))
    return refuse_errno("cannot write " + path);
  return {};
}

Done bind_over(const std::string& from, const std::string& over) {
  if (mount(from.c_str(), over.c_str(), nullptr, MS_BIND, nullptr) != 0)
    return refuse_errno("cannot show " + from + " as " + over);
  return {};
}

Done make_folder(const std::string& path, mode_t mode) {
  if (mkdir(path.c_str(), mode) != 0 && errno != EEXIST)
    return refuse_errno("cannot make the folder " + path);
  return {};
}

// Our own namespace, in which the machine's mounts still come and go but ours are seen by nobody else.
Done leave_the_machines_mounts() {
  if (Done done = make_folder(kRoot, 0755); !done) return done;
  if (unshare(CLONE_NEWNS) != 0) return refuse_errno("mount-namespace: cannot be had, root or not");
  if (mount(nullptr, "/", nullptr, MS_SLAVE | MS_REC, nullptr) != 0)
    return refuse_errno("mount-namespace: cannot be separated from the machine's");
  if (mount("tmpfs", kRoot, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755,size=1m") != 0)
    return refuse_errno("mount-namespace: cannot mount a folder in memory");
  return {};
}

Outcome<View> root_view(const Config& config, const std::string& state, const Cast& cast,
                        std::string binaries) {
  if (Done done = leave_the_machines_mounts(); !done) return std::unexpected(done.error());
  const std::string root = kRoot;
  View view{std::move(binaries), root + "/data", root + "/socket", root + "/etc"};
  Done done;
  for (const std::string& folder : {view.data, view.socket, view.etc})
    if (done) done = make_folder(folder, 0755);
  if (done && !config.database) done = bind_over(state + "/db/data", view.data);
  if (done && !config.database) done = bind_over(state + "/db/socket", view.socket);
  if (done) done = write_database_rules(view.etc, cast);
  if (done) done = write_passwd(view.etc + "/passwd", cast);
  if (done) done = bind_over(view.etc + "/passwd", kPasswdFile);
  if (!done) return std::unexpected(done.error());
  return view;
}

Outcome<View> user_view(const Config& config, const std::string& state, const Cast& cast,
                        std::string binaries) {
  View view{std::move(binaries), state + "/db/data", state + "/db/socket", state + "/db/etc"};
  if (config.database) return view;
  if (view.socket.size() > kSocketFolderBytes)
    return refuse("the path of the state folder is too long for the database's socket: use a shorter one");
  Done done = make_folder(view.etc, 0700);
  if (done) done = write_database_rules(view.etc, cast);
  if (!done) return std::unexpected(done.error());
  return view;
}

}  // namespace

Outcome<Cast> cast_for_this_user(const Config& config) {
  if (geteuid() != 0) {
    const std::optional<std::string> name = name_of_uid(kPasswdFile, geteuid());
    if (!name)
      return refuse("uid " + std::to_string(geteuid()) +
                    " has no name in /etc/passwd, and the database needs one");
    const Member user{*name, {geteuid(), getegid()}};
    return Cast{user, user, user, std::vector<Identity>(spawn_table().size(), user.identity)};
  }
  const std::optional<Identity> database = account_named(kPasswdFile, kDatabaseAccount);
  if (!config.database && (!database || database->uid == 0))
    return refuse("there is no account `postgres`: is postgresql-15 installed?");
  const Outcome<Identity> migrate = identity_for(kPasswdFile, kMigrateAccount, kMigrateId);
  if (!migrate) return std::unexpected(migrate.error());
  std::vector<Identity> rows;
  for (const SpawnRow& row : spawn_table()) {
    const Outcome<Identity> identity = identity_for(kPasswdFile, row.account, row.fixed_id);
    if (!identity) return std::unexpected(identity.error());
    rows.push_back(*identity);
  }
  const Member monitor{spawn_table().front().account, rows.front()};
  return Cast{{kDatabaseAccount, database.value_or(Identity{})},
              {kMigrateAccount, *migrate},
              monitor,
              std::move(rows)};
}

Outcome<View> build_view(const Config& config, const std::string& state, const Cast& cast) {
  Outcome<std::string> binaries = own_folder();
  if (!binaries) return std::unexpected(binaries.error());
  return geteuid() == 0 ? root_view(config, state, cast, std::move(*binaries))
                        : user_view(config, state, cast, std::move(*binaries));
}

Outcome<std::string> own_folder() {
  std::array<char, PATH_MAX> path{};
  const ssize_t length = readlink("/proc/self/exe", path.data(), path.size() - 1);
  if (length <= 0) return refuse_errno("cannot find our own folder");
  const std::string self(path.data(), static_cast<std::size_t>(length));
  return self.substr(0, self.rfind('/'));
}

}  // namespace mcpbox::launcher
