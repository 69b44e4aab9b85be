// Runs in mcpbox-backup.  The database has nobody's password, no network, and no superuser that could log in:
// what an archive says is done with the rights of the owner of its tables.
#include "admin/backup/cluster.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>

#include "admin/backup/processes.h"
#include "privsep/launcher/database.h"

namespace mcpbox::backup {
namespace {

using base::Fd;

constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 50'000'000};
constexpr int kStartTries = 4'800;  // four minutes

}  // namespace

Outcome<void> make_cluster(const std::string& state, int lock) {
  const std::string script = setup_script();
  if (script.empty()) return refuse("setup-instance.sh is not where an installation has it");
  // A configuration for the script alone: the restored one may name a database of its own.
  const std::string configuration = state + "/.mcpbox-setup.conf";
  const Fd file(::open(configuration.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file || !write_fully(file.get(), "database = embedded\n"))
    return refuse_errno("cannot write " + configuration);
  Outcome<Program> setup = Program::start(
      {.path = script,
       .words = {state},
       .environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "CONFIG=" + configuration,
                       "LAUNCHER=" + own_program("mcpbox-launcher")},
       .identity = ourselves(),
       .folder = lock});
  if (!setup) return std::unexpected(setup.error());
  const Outcome<void> made = setup->wait();
  ::unlink(configuration.c_str());
  return made;
}

Outcome<Cluster> Cluster::start(const std::string& state, int lock) {
  const launcher::Config embedded;
  const Outcome<launcher::Cast> cast = launcher::cast_for_this_user(embedded);
  if (!cast) return std::unexpected(cast.error());
  Outcome<launcher::View> view = launcher::build_view(embedded, state, *cast);
  if (!view) return std::unexpected(view.error());
  Cluster cluster;
  cluster.view_ = std::move(*view);
  cluster.owner_ = cast->migrate.identity;
  cluster.log_.reset(::memfd_create("mcpbox-backup-database", MFD_CLOEXEC));
  // Its lines go where standard error goes: not to the person's terminal.
  const Fd own(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!cluster.log_ || !own || ::dup2(cluster.log_.get(), STDERR_FILENO) < 0)
    return refuse_errno("cannot make a memory file");
  base::Result<jail::Spawned> server = launcher::start_database(cluster.view_, cast->database, lock);
  ::dup2(own.get(), STDERR_FILENO);
  if (!server) return refuse(std::string("the database does not start: ") + server.error().text);
  cluster.server_ = std::move(*server);
  if (Outcome<void> ready = cluster.wait_until_ready(); !ready) return std::unexpected(ready.error());
  return cluster;
}

Cluster::~Cluster() {
  if (!server_.pidfd) return;
  ::kill(server_.pid, SIGQUIT);  // its children end with it, unlike after SIGKILL
  while (::waitpid(server_.pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

bool Cluster::ended() { return !server_.pidfd || ::waitpid(server_.pid, &status_, WNOHANG) == server_.pid; }

Outcome<void> Cluster::failed(const std::string& what) const {
  std::string words(2'048, '\0');
  const ssize_t length = ::pread(log_.get(), words.data(), words.size(), 0);
  words.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
  return refuse(what + ": " + words);
}

Outcome<void> Cluster::wait_until_ready() {
  for (int tries = 0; !launcher::database_is_ready(view_, server_.pid); ++tries) {
    if (ended()) {
      server_.pidfd.reset();
      return failed("the database does not start");
    }
    if (tries == kStartTries) return failed("the database does not become ready");
    ::nanosleep(&kPause, nullptr);
  }
  return {};
}

Outcome<void> Cluster::restore(const Feed& feed) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return refuse_errno("cannot make a pipe");
  Fd from(ends[0]);
  Fd to(ends[1]);
  Outcome<Program> program = Program::start(
      {.path = postgres_program("pg_restore"),
       .words = {"--exit-on-error", "--no-owner", "--no-acl", "--no-password", "--single-transaction",
                 "--dbname", launcher::embedded_conninfo(view_, launcher::kOwnerRole)},
       .environment = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "PGPASSFILE=/nonexistent"},
       .identity = owner_,
       .input = from.get()});
  from.reset();
  if (!program) return std::unexpected(program.error());
  bool listens = true;  // when it does not, it says why at its end; the file is read on, to its own
  const Outcome<void> fed = feed([&](std::string_view piece) -> Outcome<void> {
    listens = listens && write_fully(to.get(), piece);
    return {};
  });
  to.reset();
  if (!fed) return fed;
  return program->wait();
}

Outcome<void> Cluster::stop() {
  ::kill(server_.pid, SIGINT);
  pid_t gone = 0;
  while ((gone = ::waitpid(server_.pid, &status_, 0)) < 0 && errno == EINTR) {
  }
  const bool whole = gone == server_.pid && WIFEXITED(status_) && WEXITSTATUS(status_) == 0;
  server_.pidfd.reset();
  return whole ? Outcome<void>() : failed("the database did not stop in order");
}

}  // namespace mcpbox::backup
