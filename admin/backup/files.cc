// Runs in mcpbox-backup.  Others may write to the folder; they can destroy what lies there, and no more: it
// is encrypted, and opened without following links.
#include "admin/backup/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <memory>

#include "privsep/base/handles.h"

namespace mcpbox::backup {
namespace {

constexpr const char* kTemporary = ".mcpbox-backup.new";
// A backup that was killed holds its lock until what it had started is gone; a living one does for longer.
constexpr int kLockTries = 50;
constexpr timespec kLockPause{.tv_sec = 0, .tv_nsec = 100'000'000};

using Folder = std::unique_ptr<DIR, base::FreeWith<::closedir>>;

tm utc(std::int64_t ms) {
  const auto seconds = static_cast<std::time_t>(ms / 1000);
  tm parts{};
  ::gmtime_r(&seconds, &parts);
  return parts;
}

std::string formatted(std::int64_t ms, const char* format) {
  const tm parts = utc(ms);
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), format, &parts)};
}

// Names that we give, and no other: what else lies in the folder is nobody's to prune.
bool is_backup_name(std::string_view name) {
  constexpr std::string_view kForm = "mcpbox-00000000T000000.000Z.backup";
  return std::ranges::equal(name, kForm, [](char own, char form) {
    return form == '0' ? std::isdigit(static_cast<unsigned char>(own)) != 0 : own == form;
  });
}

}  // namespace

std::string file_name(std::int64_t created_ms) {
  std::array<char, 8> milliseconds{};
  std::snprintf(milliseconds.data(), milliseconds.size(), ".%03d", static_cast<int>(created_ms % 1000));
  return "mcpbox-" + formatted(created_ms, "%Y%m%dT%H%M%S") + milliseconds.data() + "Z.backup";
}

std::string moment(std::int64_t ms) { return formatted(ms, "%Y-%m-%d %H:%M:%S UTC"); }

std::int64_t now_ms() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

Outcome<std::vector<Found>> backups_in(const std::string& folder) {
  const Folder open(::opendir(folder.c_str()));
  if (!open) return refuse_errno("cannot read the folder " + folder);
  std::vector<Found> all;
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string name(static_cast<const char*>(entry->d_name));
    if (!is_backup_name(name)) continue;
    const base::Fd file(
        ::openat(::dirfd(open.get()), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat about{};
    if (!file || ::fstat(file.get(), &about) != 0 || !S_ISREG(about.st_mode)) continue;
    const Outcome<Header> header = read_header(file.get());
    if (header)
      all.push_back({.name = name, .bytes = static_cast<std::uint64_t>(about.st_size), .header = *header});
  }
  std::ranges::sort(all, {}, &Found::name);
  return all;
}

Outcome<NewFile> NewFile::begin(const std::string& folder) {
  NewFile made;
  made.path_ = folder;
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return refuse_errno("cannot make the folder " + folder);
  made.folder_.reset(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!made.folder_) return refuse_errno("cannot open the folder " + folder);
  for (int tries = 0; ::flock(made.folder_.get(), LOCK_EX | LOCK_NB) != 0; ++tries) {
    if (errno != EWOULDBLOCK || tries == kLockTries)
      return refuse("another backup is being made in " + folder);
    ::nanosleep(&kLockPause, nullptr);
  }
  if (::unlinkat(made.folder_.get(), kTemporary, 0) != 0 && errno != ENOENT)
    return refuse_errno("cannot remove what an earlier backup left in " + folder);
  made.file_.reset(
      ::openat(made.folder_.get(), kTemporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!made.file_) return refuse_errno("cannot make a file in " + folder);
  return made;
}

NewFile::~NewFile() {
  if (file_) ::unlinkat(folder_.get(), kTemporary, 0);
}

Outcome<void> NewFile::keep(const std::string& name) {
  if (::fsync(file_.get()) != 0) return refuse_errno("cannot write the backup to the disk");
  if (::renameat2(folder_.get(), kTemporary, folder_.get(), name.c_str(), RENAME_NOREPLACE) != 0)
    return refuse_errno("cannot name the backup " + path_ + "/" + name);
  file_.reset();
  if (::fsync(folder_.get()) != 0) return refuse_errno("cannot write the folder " + path_ + " to the disk");
  return {};
}

Outcome<std::size_t> NewFile::prune(unsigned keep) const {
  const Outcome<std::vector<Found>> all = backups_in(path_);
  if (!all) return std::unexpected(all.error());
  const std::size_t old = all->size() > keep ? all->size() - keep : 0;
  for (std::size_t i = 0; i < old; ++i)
    if (::unlinkat(folder_.get(), (*all)[i].name.c_str(), 0) != 0)
      return refuse_errno("cannot remove the old backup " + (*all)[i].name);
  return old;
}

}  // namespace mcpbox::backup
