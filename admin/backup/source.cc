// Runs in mcpbox-backup.  Trusts the state folder once it is known that only its owner can write there, as
// the launcher does, and the database with its own rows only.
#include "admin/backup/source.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>

#include "admin/backup/processes.h"
#include "policy/database_url.h"
#include "privsep/launcher/config_environment.h"
#include "privsep/launcher/database.h"
#include "privsep/launcher/handover.h"
#include "privsep/launcher/state.h"
#include "privsep/monitor/audit_head.h"
#include "privsep/monitor/keys.h"

namespace mcpbox::backup {
namespace {

using base::Fd;

constexpr const char* kServiceConfig = "/etc/mcpbox/mcpbox.conf";
constexpr const char* kServiceState = "/var/lib/mcpbox";
constexpr const char* kLocalConfig = "./run/mcpbox.conf";
constexpr std::size_t kHeadBytes = 120;
constexpr int kHeadTries = 20;

std::string config_path(const Options& options) {
  if (!options.config.empty()) return options.config;
  if (!options.state.empty()) {
    const std::string beside = options.state + "/mcpbox.conf";
    return ::access(beside.c_str(), F_OK) != 0 && options.state == kServiceState ? kServiceConfig : beside;
  }
  return ::access(kLocalConfig, F_OK) == 0 ? kLocalConfig : kServiceConfig;
}

Outcome<Fd> in_memory(std::string_view bytes) {
  Fd memory(::memfd_create("mcpbox-backup", MFD_CLOEXEC));
  if (!memory || !write_fully(memory.get(), bytes) || ::lseek(memory.get(), 0, SEEK_SET) != 0)
    return refuse_errno("cannot make a memory file");
  return memory;
}

Outcome<std::string> read_head(int folder) {
  const Fd file(::openat(folder, "audit.head", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file && errno == ENOENT) return std::string();
  if (!file) return refuse_errno("cannot open audit.head");
  std::string bytes(kHeadBytes + 1, '\0');
  const ssize_t length = ::pread(file.get(), bytes.data(), bytes.size(), 0);
  if (length < 0) return refuse_errno("cannot read audit.head");
  bytes.resize(static_cast<std::size_t>(length));
  return bytes;
}

}  // namespace

Outcome<Sworn> sworn_by(const Wiped<32>& master_key, std::string_view audit_head) {
  const Outcome<Fd> key = in_memory({reinterpret_cast<const char*>(master_key.data()), master_key.size()});
  const Outcome<Fd> head = in_memory(audit_head);
  if (!key) return std::unexpected(key.error());
  if (!head) return std::unexpected(head.error());
  const base::Result<monitor::Keys> keys = monitor::Keys::from_fd(key->get());
  if (!keys) return refuse(keys.error().text);
  const auto known = monitor::read_head(head->get(), *keys);
  if (!known) return refuse(known.error().text);
  const audit::PublicKey& own = keys->audit_key();
  const wire::Digest name = keys->name();
  return Sworn{.key_name = hex_of(name.data(), name.size()),
               .audit_key = hex_of(own.data(), own.size()),
               .audit_record = *known ? (*known)->head.sequence : std::uint64_t{0}};
}

Outcome<Source> open_source(const Options& options) {
  Outcome<launcher::ConfigFile> file =
      launcher::read_config_file(config_path(options), launcher::take_environment());
  if (!file) return std::unexpected(file.error());
  Source source{.file = std::move(*file)};
  const Outcome<Fd> folder = launcher::open_state(source.file.state);
  if (!folder) return std::unexpected(folder.error());
  const Outcome<Fd> key = launcher::take_master_key(folder->get());
  if (!key) return std::unexpected(key.error());
  // After a rotation that was cut there are two: audit.head says which of them is in use.
  constexpr std::size_t kKeyBytes = 32;
  Wiped<2 * kKeyBytes> keys;
  const auto length =
      static_cast<std::size_t>(read_fully(key->get(), reinterpret_cast<char*>(keys.data()), keys.size()));
  if (length != kKeyBytes && length != 2 * kKeyBytes)
    return refuse("the master key must have exactly 32 bytes");
  // The monitor writes it after each commit: what was read half before and half after is read again.
  Outcome<Sworn> sworn;
  for (int tries = 0; tries < kHeadTries; ++tries) {
    Outcome<std::string> head = read_head(folder->get());
    if (!head) return std::unexpected(head.error());
    for (const unsigned char* at = keys.data(); at != keys.data() + length; at += kKeyBytes) {
      std::copy_n(at, kKeyBytes, source.master_key.data());
      sworn = sworn_by(source.master_key, *head);
      if (sworn) break;
    }
    if (!sworn) continue;
    source.key_name = sworn->key_name;
    source.audit_head = std::move(*head);
    source.audit_key = sworn->audit_key;
    source.audit_record = sworn->audit_record;
    return source;
  }
  return refuse(sworn.error() + ": nothing is backed up with a key that does not fit");
}

Outcome<Database> Database::find(const launcher::ConfigFile& file) {
  const Outcome<launcher::Cast> cast = launcher::cast_for_this_user(file.config);
  if (!cast) return std::unexpected(cast.error());
  Database found;
  found.owner_ = cast->migrate.identity;
  if (file.config.database) {
    const policy::DatabaseUrl& owner =
        file.config.database_owner ? *file.config.database_owner : *file.config.database;
    found.conninfo_ = policy::conninfo_for(owner, cast->migrate.name);
    found.password_ = owner.password;
    return found;
  }
  // Through the open folder: only we may walk to it, and its path may be longer than a socket's name can be.
  const std::string folder = file.state + "/db/socket";
  found.socket_folder_.reset(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!found.socket_folder_) return refuse_errno("cannot open the database's folder " + folder);
  launcher::View view;
  view.socket = "/proc/self/fd/3";
  found.conninfo_ = launcher::embedded_conninfo(view, launcher::kOwnerRole);
  return found;
}

std::vector<std::string> Database::environment() const {
  std::vector<std::string> all = {"PATH=/usr/bin:/bin",        "LC_ALL=C.UTF-8", "PGPASSFILE=/nonexistent",
                                  "PGSYSCONFDIR=/nonexistent", "PGTZ=UTC",       "PGCONNECT_TIMEOUT=30"};
  if (!password_.empty()) all.push_back("PGPASSWORD=" + password_);
  return all;
}

Outcome<std::string> Database::ask(const std::string& sql) const {
  const Outcome<std::string> answer =
      answer_of({.path = postgres_program("psql"),
                 .words = {"--no-psqlrc", "--no-password", "--no-align", "--tuples-only", "--dbname",
                           conninfo_, "--command", sql},
                 .environment = environment(),
                 .identity = owner_,
                 .folder = socket_folder_.get()});
  if (!answer)
    return refuse("the database does not answer (" + answer.error() +
                  "): start MCPbox, or its database (systemctl start mcpbox-db.service), and try again");
  return *answer;
}

Outcome<std::uint32_t> Database::schema() const {
  const Outcome<std::string> answer = ask("SELECT max(number) FROM mcpbox.schema_migrations");
  if (!answer) return std::unexpected(answer.error());
  const auto number = static_cast<std::uint32_t>(std::strtoul(answer->c_str(), nullptr, 10));
  if (number == 0) return refuse("the database has no schema of MCPbox yet: start MCPbox once");
  return number;
}

Outcome<std::string> Database::key_name() const {
  Outcome<std::string> answer = ask("SELECT value FROM mcpbox.settings WHERE key = 'master_key'");
  if (answer) answer->erase(std::min(answer->find('\n'), answer->size()));
  return answer;
}

Outcome<void> Database::dump(const DumpSink& sink) const {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return refuse_errno("cannot make a pipe");
  const Fd from(ends[0]);
  Fd to(ends[1]);
  Outcome<Program> program = Program::start({.path = postgres_program("pg_dump"),
                                             .words = {"--no-password", "--format=custom", "--schema=mcpbox",
                                                       "--lock-wait-timeout=60000", "--dbname", conninfo_},
                                             .environment = environment(),
                                             .identity = owner_,
                                             .output = to.get(),
                                             .folder = socket_folder_.get()});
  to.reset();
  if (!program) return std::unexpected(program.error());
  std::string piece(kChunkBytes, '\0');
  for (;;) {
    const ssize_t length = read_fully(from.get(), piece.data(), piece.size());
    if (length < 0) return refuse_errno("cannot read the dump");
    if (length == 0) break;
    const Outcome<void> taken = sink(std::string_view(piece).substr(0, static_cast<std::size_t>(length)));
    if (!taken) return taken;
  }
  return program->wait();
}

}  // namespace mcpbox::backup
