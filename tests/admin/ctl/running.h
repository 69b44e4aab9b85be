// Runs the real mcpboxctl: with a pseudo terminal and a person at it, or without any terminal.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <vector>

#include "privsep/base/fd.h"

namespace mcpbox::ctl::testing {

struct Ended {
  int exit = -1;
  std::string output;  // standard output and standard error, or all that the terminal showed
};

// When the terminal shows `sees`, the person types `types`.
struct Step {
  std::string sees;
  std::string types;
};

inline void become_mcpboxctl(const std::vector<std::string>& arguments) {
  std::vector<const char*> argv = {"mcpboxctl"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  argv.push_back(nullptr);
  ::execv(MCPBOXCTL, const_cast<char* const*>(argv.data()));
  ::_exit(125);
}

// Reads until the end, or until ten seconds have brought nothing.
inline std::string read_all(int fd, std::vector<Step> steps) {
  std::string seen;
  std::size_t from = 0;
  pollfd readable{.fd = fd, .events = POLLIN, .revents = 0};
  while (::poll(&readable, 1, 10'000) > 0) {
    char bytes[4096];
    const ssize_t got = ::read(fd, bytes, sizeof(bytes));
    if (got <= 0) break;
    seen.append(bytes, static_cast<std::size_t>(got));
    if (steps.empty()) continue;
    const std::size_t at = seen.find(steps.front().sees, from);
    if (at == std::string::npos) continue;
    from = at + steps.front().sees.size();
    EXPECT_EQ(::write(fd, steps.front().types.data(), steps.front().types.size()),
              static_cast<ssize_t>(steps.front().types.size()));
    steps.erase(steps.begin());
  }
  return seen;
}

inline int exit_of(pid_t pid) {
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

inline Ended run_at_terminal(const std::vector<std::string>& arguments, std::vector<Step> steps) {
  int master = -1;
  winsize size{.ws_row = 60, .ws_col = 200, .ws_xpixel = 0, .ws_ypixel = 0};
  const pid_t pid = ::forkpty(&master, nullptr, nullptr, &size);
  if (pid == 0) become_mcpboxctl(arguments);
  const base::Fd owned(master);
  Ended ended;
  ended.output = read_all(master, std::move(steps));
  ended.exit = exit_of(pid);
  return ended;
}

// uid: whose; the own one for 0.  input: its standard input.
inline Ended run_without_terminal(const std::vector<std::string>& arguments, const std::string& input = "",
                                  uid_t uid = 0) {
  int output[2] = {-1, -1};
  int in[2] = {-1, -1};
  if (::pipe2(output, O_CLOEXEC) != 0 || ::pipe2(in, O_CLOEXEC) != 0) std::abort();
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::setsid();
    ::dup2(in[0], STDIN_FILENO);
    ::dup2(output[1], STDOUT_FILENO);
    ::dup2(output[1], STDERR_FILENO);
    if (uid != 0 && ::setresuid(uid, uid, uid) != 0) ::_exit(126);
    become_mcpboxctl(arguments);
  }
  const base::Fd from(output[0]);
  base::Fd(output[1]).reset();
  base::Fd(in[0]).reset();
  EXPECT_EQ(::write(in[1], input.data(), input.size()), static_cast<ssize_t>(input.size()));
  base::Fd(in[1]).reset();
  Ended ended;
  ended.output = read_all(from.get(), {});
  ended.exit = exit_of(pid);
  return ended;
}

}  // namespace mcpbox::ctl::testing
