// Runs in mcpbox-backup.  Starts a real instance from a backup, on a loopback port and in a folder that
// nobody else can enter, and proves with mcpboxctl that it serves and that its log is whole.
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <utility>

#include "admin/backup/processes.h"
#include "admin/backup/restore.h"
#include "privsep/base/handles.h"
#include "privsep/launcher/probe.h"

namespace mcpbox::backup {
namespace {

using base::Fd;
using Folder = std::unique_ptr<DIR, base::FreeWith<::closedir>>;

constexpr std::string_view kPrefix = "mcpbox-drill.";
constexpr timespec kPause{.tv_sec = 0, .tv_nsec = 200'000'000};
constexpr int kServeTries = 1'500;  // five minutes

// What a drill that was killed left: ours, and locked by nobody.
void remove_leftovers(const std::string& scratch) {
  const Folder open(::opendir(scratch.c_str()));
  if (!open) return;
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string name(static_cast<const char*>(entry->d_name));
    if (!name.starts_with(kPrefix)) continue;
    const Fd folder(
        ::openat(::dirfd(open.get()), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat about{};
    if (folder && ::fstat(folder.get(), &about) == 0 && about.st_uid == ::geteuid() &&
        ::flock(folder.get(), LOCK_EX | LOCK_NB) == 0)
      remove_tree(scratch + "/" + name);
  }
}

// A folder of this drill's own, removed when it goes.
class Scratch {
 public:
  static Outcome<Scratch> make(const std::string& where) {
    std::string path = where + "/" + std::string(kPrefix) + "XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) return refuse_errno("cannot make a folder in " + where);
    Scratch scratch;
    scratch.path_ = path;
    scratch.lock_.reset(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!scratch.lock_ || ::flock(scratch.lock_.get(), LOCK_EX | LOCK_NB) != 0)
      return refuse_errno("cannot lock " + path);
    return scratch;
  }
  Scratch(Scratch&& other) noexcept : path_(std::exchange(other.path_, {})), lock_(std::move(other.lock_)) {}
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch() {
    if (!path_.empty()) remove_tree(path_);
  }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool remove() { return remove_tree(std::exchange(path_, {})); }

 private:
  Scratch() = default;
  std::string path_;
  Fd lock_;
};

Outcome<std::uint16_t> free_port() {
  const Fd probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (!probe || ::bind(probe.get(), generic, size) != 0 || ::getsockname(probe.get(), generic, &size) != 0)
    return refuse_errno("cannot find a free port");
  return ntohs(address.sin_port);
}

// Nobody is allowed in, nothing listens for admins or a tunnel; layers that this machine lacks are given up,
// because what is proved here is the backup.
std::string configuration(const Opened& backup, const std::string& state, std::uint16_t port) {
  const policy::Layers missing = backup.config.missing | launcher::missing_here();
  std::string text = "state = " + state + "\nlisten = 127.0.0.1:" + std::to_string(port) +
                     "\nadmin-listen = off\ndatabase = embedded\nlog = stderr\n";
  if (missing != 0) text += "isolation = trial\nmissing-layers = " + launcher::names_of(missing) + "\n";
  return text;
}

Outcome<std::string> ask(const std::string& state, std::vector<std::string> words) {
  words.insert(words.begin(), {"--state", state});
  return answer_of({.path = own_program("mcpboxctl"),
                    .words = std::move(words),
                    .environment = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"},
                    .identity = ourselves()});
}

Outcome<void> wait_until_it_serves(Program& launcher, const std::string& state) {
  Outcome<std::string> head;
  for (int tries = 0; tries < kServeTries; ++tries) {
    if (launcher.ended()) return refuse("the instance did not start: " + launcher.said());
    head = ask(state, {"audit", "head"});
    if (head) return {};
    ::nanosleep(&kPause, nullptr);
  }
  return refuse("the instance does not serve: " + head.error());
}

}  // namespace

Outcome<void> drill(const Opened& backup, const std::string& scratch) {
  remove_leftovers(scratch);
  Outcome<Scratch> folder = Scratch::make(scratch);
  if (!folder) return std::unexpected(folder.error());
  const std::string state = folder->path() + "/state";
  const Outcome<std::uint16_t> port = free_port();
  if (!port) return std::unexpected(port.error());
  if (Outcome<void> made = make_instance(backup, state, configuration(backup, state, *port)); !made)
    return made;
  Outcome<Program> launcher = Program::start({.path = own_program("mcpbox-launcher"),
                                              .words = {state + "/mcpbox.conf"},
                                              .environment = {"PATH=/usr/bin:/bin"},
                                              .identity = ourselves(),
                                              .death_signal = SIGTERM});
  if (!launcher) return std::unexpected(launcher.error());
  Outcome<void> good = wait_until_it_serves(*launcher, state);
  if (good) {
    const Outcome<std::string> checked =
        ask(state, {"audit", "verify", "--key", backup.contents.manifest.audit_key});
    if (!checked) good = std::unexpected(checked.error());
  }
  launcher->signal(SIGTERM);
  const Outcome<void> stopped = launcher->wait();
  if (!good) return good;
  if (!stopped) return refuse("the instance did not stop in order: " + stopped.error());
  if (!folder->remove()) return refuse("cannot remove " + scratch + "/" + std::string(kPrefix) + "*");
  return {};
}

}  // namespace mcpbox::backup
