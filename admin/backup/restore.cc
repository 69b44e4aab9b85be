// Runs in mcpbox-backup.  The backup was read whole before anything is made; it is read once more while the
// database is filled, and must say the same.
#include "admin/backup/restore.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>

#include "admin/backup/cluster.h"
#include "admin/backup/processes.h"
#include "privsep/launcher/view.h"

namespace mcpbox::backup {
namespace {

using base::Fd;
namespace fs = std::filesystem;

constexpr const char* kMarker = "/.mcpbox-restoring";
constexpr int kLockTries =
    300;  // a tenth of a second each: what was started by one that was killed ends first
constexpr timespec kLockPause{.tv_sec = 0, .tv_nsec = 100'000'000};

Outcome<void> put(const std::string& path, std::string_view bytes) {
  const Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file || !write_fully(file.get(), bytes) || ::fsync(file.get()) != 0)
    return refuse_errno("cannot write " + path);
  return {};
}

Outcome<void> sync_folder(const std::string& path) {
  const Fd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || ::syncfs(folder.get()) != 0 || ::fsync(folder.get()) != 0)
    return refuse_errno("cannot write " + path + " to the disk");
  return {};
}

bool is_empty(const std::string& folder) {
  std::error_code failed;
  return fs::is_empty(folder, failed) && !failed;
}

// The place must be free: nothing there, or an empty folder.
Outcome<void> check_free(const std::string& into) {
  struct stat about{};
  if (::lstat(into.c_str(), &about) != 0)
    return errno == ENOENT ? Outcome<void>() : refuse_errno("cannot look at " + into);
  if (S_ISDIR(about.st_mode) && is_empty(into)) return {};
  return refuse(into + " holds something already: nothing is restored over it; move it away first");
}

// Waits for what a restore that was killed had started; a living one keeps its lock for longer.
Outcome<void> take(const Fd& marker, const std::string& folder) {
  for (int tries = 0; ::flock(marker.get(), LOCK_EX | LOCK_NB) != 0; ++tries) {
    if (errno != EWOULDBLOCK || tries == kLockTries) return refuse("another restore is at work in " + folder);
    ::nanosleep(&kLockPause, nullptr);
  }
  return {};
}

Outcome<void> remove_leftovers(const std::string& folder) {
  struct stat about{};
  if (::lstat(folder.c_str(), &about) != 0) return {};
  const Fd marker(::open((folder + kMarker).c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
  const bool ours = S_ISDIR(about.st_mode) && about.st_uid == ::geteuid() && (marker || is_empty(folder));
  if (!ours) return refuse(folder + " is there and was not made by a restore: move it away");
  if (marker)
    if (Outcome<void> taken = take(marker, folder); !taken) return taken;
  if (!remove_tree(folder)) return refuse("cannot remove what an earlier restore left in " + folder);
  return {};
}

// Makes the folder and marks it as ours; the lock is held by whatever is started for it.
Outcome<Fd> begin(const std::string& folder) {
  if (Outcome<void> gone = remove_leftovers(folder); !gone) return std::unexpected(gone.error());
  if (::mkdir(folder.c_str(), 0700) != 0) return refuse_errno("cannot make the folder " + folder);
  Fd marker(::open((folder + kMarker).c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!marker) return refuse_errno("cannot write to " + folder);
  if (Outcome<void> taken = take(marker, folder); !taken) return std::unexpected(taken.error());
  return marker;
}

// Files, cluster and rows, all in `folder`.
Outcome<void> fill(const Opened& backup, const std::string& folder, const std::string& configuration,
                   int lock) {
  const Contents& contents = backup.contents;
  const auto* key = reinterpret_cast<const char*>(contents.master_key.data());
  Outcome<void> done = put(folder + "/master.key", {key, contents.master_key.size()});
  if (done && !contents.audit_head.empty()) done = put(folder + "/audit.head", contents.audit_head);
  if (done) done = put(folder + "/mcpbox.conf", configuration);
  if (done) done = make_cluster(folder, lock);
  if (!done) return done;
  Outcome<Cluster> cluster = Cluster::start(folder, lock);
  if (!cluster) return std::unexpected(cluster.error());
  if (Outcome<Header> again = read_header(backup.file.get()); !again) return std::unexpected(again.error());
  Outcome<Reader> reader = Reader::begin(backup.file.get(), backup.header, backup.key);
  if (!reader) return std::unexpected(reader.error());
  Outcome<Contents> second;
  done = cluster->restore([&](const DumpSink& sink) -> Outcome<void> {
    second = read_entries(*reader, sink);
    return second ? Outcome<void>() : std::unexpected(second.error());
  });
  if (!done) return done;
  if (second->manifest != contents.manifest) return refuse("the backup was exchanged while it was restored");
  return cluster->stop();
}

Outcome<std::string> absolute(const std::string& path) {
  std::string trimmed = path;
  while (trimmed.size() > 1 && trimmed.ends_with('/')) trimmed.pop_back();
  const std::size_t slash = trimmed.rfind('/');
  const std::string parent = slash == std::string::npos ? "." : trimmed.substr(0, slash + 1);
  const std::string name = trimmed.substr(slash == std::string::npos ? 0 : slash + 1);
  std::array<char, PATH_MAX> real{};
  if (::realpath(parent.c_str(), real.data()) == nullptr)
    return refuse_errno("cannot find the folder " + parent);
  if (name.empty() || name == "." || name == "..") return refuse("--into wants the name of a new folder");
  const std::string folder = real.data();
  return (folder == "/" ? "" : folder) + "/" + name;
}

}  // namespace

bool remove_tree(const std::string& folder) {
  std::error_code failed;
  fs::remove_all(folder, failed);  // removes links, and does not follow them
  return !failed;
}

Outcome<void> make_instance(const Opened& backup, const std::string& into, const std::string& configuration) {
  const std::string folder = into + ".restoring";
  if (Outcome<void> free = check_free(into); !free) return free;
  const Outcome<Fd> marker = begin(folder);
  if (!marker) return std::unexpected(marker.error());
  Outcome<void> done = fill(backup, folder, configuration, marker->get());
  if (done && ::chmod(folder.c_str(), 0755) != 0) done = refuse_errno("cannot open " + folder);
  if (done) done = sync_folder(folder);
  if (done && ::rename(folder.c_str(), into.c_str()) != 0)
    done = refuse_errno("cannot give " + folder + " its name " + into);
  if (!done) {
    remove_tree(folder);
    return done;
  }
  ::unlink((into + kMarker).c_str());
  return sync_folder(into.substr(0, into.rfind('/') + 1));
}

Outcome<void> restore(const Options& options) {
  const Outcome<std::string> into = absolute(options.into);
  if (!into) return std::unexpected(into.error());
  if (Outcome<void> free = check_free(*into); !free) return free;
  const Outcome<Opened> backup = open_backup(options);
  if (!backup) return std::unexpected(backup.error());
  const Outcome<void> made =
      make_instance(*backup, *into, configuration_for(backup->contents.configuration, *into));
  if (!made) return made;
  say("restored: " + *into + ", with its configuration in " + *into + "/mcpbox.conf");
  say("public key of the audit log: " + backup->contents.manifest.audit_key);
  say("compare it with what you noted: whoever knows a recipient key can lock a file of their own making");
  return {};
}

}  // namespace mcpbox::backup
