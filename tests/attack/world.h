// Everything on this machine that an attack might change, as text: two looks at it must be the same.
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include "privsep/base/fd.h"

namespace mcpbox::test {

using World = std::map<std::string, std::string>;

inline std::string text_of_file(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

inline std::string names_in(const std::string& folder) {
  std::set<std::string> names;
  DIR* const listed = ::opendir(folder.c_str());
  if (listed == nullptr) return "none";
  while (const dirent* entry = ::readdir(listed)) names.insert(entry->d_name);
  ::closedir(listed);
  std::string text;
  for (const std::string& name : names) text += name + "\n";
  return text;
}

// The processes of this user: what an attack forked and left behind.
inline std::string processes_of(uid_t uid) {
  std::string text;
  std::istringstream names(names_in("/proc"));
  for (std::string name; std::getline(names, name);) {
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::string status = text_of_file("/proc/" + name + "/status");
    if (status.find("\nUid:\t" + std::to_string(uid) + "\t") != std::string::npos) text += name + "\n";
  }
  return text;
}

// The lines of a table that belong to this user; others may come and go while a test runs.
inline std::string lines_of(uid_t uid, const std::string& file) {
  const std::string number = std::to_string(uid);
  std::istringstream lines(text_of_file(file));
  std::string text;
  for (std::string line; std::getline(lines, line);)
    if (line.find(number) != std::string::npos) text += line + "\n";
  return text;
}

inline World look_at_world(uid_t uid) {
  World world;
  for (const char* folder : {"/", "/dev/mqueue", "/mnt", "/proc/sys/fs/binfmt_misc"})
    world[folder] = names_in(folder);
  for (const char* file : {"/proc/sys/kernel/hostname", "/proc/sys/kernel/core_pattern", "/proc/modules",
                           "/proc/swaps", "/proc/net/route", "/proc/self/cgroup"})
    world[file] = text_of_file(file);
  for (const char* table : {"/proc/sysvipc/shm", "/proc/sysvipc/sem", "/proc/sysvipc/msg", "/proc/keys"})
    world[table] = lines_of(uid, table);
  world["processes"] = processes_of(uid);
  return world;
}

// Somebody outside who would feel it: of the attacker's own user, with every signal held back and looked at,
// and with a listener of each kind.
class Bystander {
 public:
  explicit Bystander(uid_t uid) : abstract_(listening(AF_UNIX)), loopback_(listening(AF_INET)) {
    std::array<int, 2> ends{-1, -1};
    if (::pipe(ends.data()) != 0) return;
    ask_ = base::Fd(ends[1]);
    const base::Fd asked(ends[0]);
    std::array<int, 2> back{-1, -1};
    if (::pipe(back.data()) != 0) return;
    answer_ = base::Fd(back[0]);
    const base::Fd answers(back[1]);
    pid_ = ::fork();
    if (pid_ == 0) stand_by(uid, asked.get(), answers.get());
  }
  Bystander(const Bystander&) = delete;
  Bystander& operator=(const Bystander&) = delete;
  ~Bystander() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  // Signals that came, or "gone".
  [[nodiscard]] std::string felt() const {
    const char byte = 0;
    sigset_t pending;
    if (::write(ask_.get(), &byte, 1) != 1 ||
        ::read(answer_.get(), &pending, sizeof pending) != sizeof pending)
      return "gone";
    std::string signals;
    for (int signal = 1; signal <= 64; ++signal)
      if (::sigismember(&pending, signal) == 1) signals += std::to_string(signal) + " ";
    return signals;
  }
  [[nodiscard]] bool was_connected_to() const { return has_client(abstract_) || has_client(loopback_); }

 private:
  static base::Fd listening(int family) {
    base::Fd socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ::listen(socket.get(), 1);  // without a bind the kernel chooses a port, or an abstract name
    return socket;
  }
  static bool has_client(const base::Fd& socket) {
    pollfd wait{socket.get(), POLLIN, 0};
    return ::poll(&wait, 1, 0) == 1 && (wait.revents & POLLIN) != 0;
  }
  [[noreturn]] static void stand_by(uid_t uid, int asked, int answers) {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::setresgid(uid, uid, uid) != 0 || ::setresuid(uid, uid, uid) != 0) ::_exit(1);
    char byte = 0;
    while (::read(asked, &byte, 1) == 1) {
      sigset_t pending;
      ::sigpending(&pending);
      if (::write(answers, &pending, sizeof pending) != sizeof pending) break;
    }
    ::_exit(0);
  }

  base::Fd abstract_, loopback_, ask_, answer_;
  pid_t pid_ = -1;
};

}  // namespace mcpbox::test
