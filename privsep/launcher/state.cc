// Run by the launcher (root).  Trusts the state folder once it is known that only its owner can write there.
#include "privsep/launcher/state.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <ctime>

namespace mcpbox::launcher {
namespace {

using base::Fd;

constexpr int kLockTries = 100;  // a tenth of a second each
constexpr timespec kLockPause{.tv_sec = 0, .tv_nsec = 100'000'000};
constexpr int kControlBacklog = 64;
constexpr int kMcpBacklog = 1024;

// The pid that the holder wrote; 0 when there is none to be read.
pid_t holder_of(int lock) {
  std::array<char, 16> text{};
  const ssize_t length = pread(lock, text.data(), text.size(), 0);
  pid_t pid = 0;
  if (length > 0) std::from_chars(text.data(), text.data() + length, pid);
  return pid;
}

// A socket in the state folder to which everybody may connect.
Outcome<Fd> open_socket(int folder, const std::string& file, int backlog) {
  Fd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener) return refuse_errno("cannot create " + file);
  // Through the open folder: its path may be longer than a socket's name can be.
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  std::snprintf(name.sun_path, sizeof name.sun_path, "/proc/self/fd/%d/%s", folder, file.c_str());
  if (unlinkat(folder, file.c_str(), 0) != 0 && errno != ENOENT)
    return refuse_errno("cannot remove the old " + file);
  if (bind(listener.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0)
    return refuse_errno("cannot bind " + file);
  if (fchmodat(folder, file.c_str(), 0666, 0) != 0) return refuse_errno("cannot open " + file + " to others");
  if (listen(listener.get(), backlog) != 0) return refuse_errno("cannot listen on " + file);
  return listener;
}

Outcome<Fd> open_for_monitor(int folder, const std::string& name) {
  Fd file(openat(folder, name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return refuse_errno("cannot open " + name);
  struct stat about{};
  if (fstat(file.get(), &about) != 0) return refuse_errno("cannot look at " + name);
  // The monitor gets it open; no account needs the right to open it by its name.
  if (about.st_uid != geteuid() && fchown(file.get(), geteuid(), getegid()) != 0)
    return refuse_errno("cannot keep " + name + " to ourselves");
  if (fchmod(file.get(), 0600) != 0) return refuse_errno("cannot close " + name + " to others");
  return file;
}

bool alive(pid_t pid) { return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM); }

}  // namespace

Outcome<Fd> open_state(const std::string& path) {
  Fd folder(open(path.c_str(), O_DIRECTORY | O_RDONLY | O_CLOEXEC));
  if (!folder) return refuse_errno("cannot open the state folder " + path);
  struct stat about{};
  if (fstat(folder.get(), &about) != 0) return refuse_errno("cannot look at the state folder " + path);
  if (about.st_uid != geteuid()) return refuse("the state folder " + path + " belongs to another user");
  if ((about.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return refuse("the state folder " + path + " can be written by others: chmod go-w " + path);
  return folder;
}

Outcome<Fd> lock_state(int folder) {
  Fd lock(openat(folder, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!lock) return refuse_errno("cannot open the lock of the state folder");
  for (int tries = 0; flock(lock.get(), LOCK_EX | LOCK_NB) != 0; ++tries) {
    if (errno != EWOULDBLOCK) return refuse_errno("cannot lock the state folder");
    const pid_t holder = holder_of(lock.get());
    if (alive(holder) || tries == kLockTries)
      return refuse("another instance runs on this state folder: pid " + std::to_string(holder) +
                    " holds its lock");
    nanosleep(&kLockPause, nullptr);
  }
  const std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(lock.get(), 0) != 0 || pwrite(lock.get(), pid.data(), pid.size(), 0) < 0)
    return refuse_errno("cannot write the lock of the state folder");
  return lock;
}

Outcome<Fd> open_control(int folder) { return open_socket(folder, "control.sock", kControlBacklog); }

Outcome<Fd> open_mcp(int folder) { return open_socket(folder, "mcp.sock", kMcpBacklog); }

Outcome<Fd> open_audit_head(int folder) { return open_for_monitor(folder, "audit.head"); }

Outcome<Fd> open_space_reserve(int folder) { return open_for_monitor(folder, "space.reserve"); }

Outcome<Fd> open_log(int folder, const std::string& path) {
  Fd log(openat(folder, path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640));
  if (!log) return refuse_errno("cannot open the log " + path);
  return log;
}

}  // namespace mcpbox::launcher
