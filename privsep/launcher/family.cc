// Run by the launcher (root).  Signals go through pidfds: a pid that was reused is never hit.
#include "privsep/launcher/family.h"

#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace mcpbox::launcher {

Family::Family() {
  sigset_t waited;
  sigemptyset(&waited);
  sigaddset(&waited, SIGCHLD);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) {
    struct sigaction now{};
    if (sigaction(signal, nullptr, &now) == 0 && now.sa_handler != SIG_IGN) sigaddset(&waited, signal);
  }
  if (sigprocmask(SIG_BLOCK, &waited, nullptr) != 0) PANIC("cannot block signals");
  signals_.reset(signalfd(-1, &waited, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_) PANIC("cannot read signals");
}

void Family::adopt(jail::Spawned child, const char* name, std::uint32_t role) {
  children_.push_back({child.pid, std::move(child.pidfd), name, role});
}

bool Family::has(pid_t pid) const {
  return std::ranges::find(children_, pid, &Child::pid) != children_.end();
}

bool Family::wait(int link, int timeout_ms) {
  std::array<pollfd, 2> watched = {{{signals_.get(), POLLIN, 0}, {link, POLLIN, 0}}};
  if (poll(watched.data(), watched.size(), timeout_ms) < 0) return false;
  signalfd_siginfo info{};
  while (read(signals_.get(), &info, sizeof info) == sizeof info)
    if (info.ssi_signo != SIGCHLD) stop_requested_ = true;
  return watched[1].revents != 0;
}

std::optional<Ending> Family::next_ending() {
  int status = 0;
  const pid_t pid = waitpid(-1, &status, WNOHANG);
  if (pid <= 0) return std::nullopt;
  const auto child = std::ranges::find(children_, pid, &Child::pid);
  if (child == children_.end()) return Ending{.pid = pid, .status = status};
  const Ending ending{pid, status, child->name, child->role};
  children_.erase(child);
  return ending;
}

void Family::signal_one(pid_t pid, int signal) const {
  for (const Child& child : children_)
    if (child.pid == pid) syscall(SYS_pidfd_send_signal, child.pidfd.get(), signal, nullptr, 0);
}

void Family::signal_all_but(pid_t spared, int signal) const {
  for (const Child& child : children_)
    if (child.pid != spared) syscall(SYS_pidfd_send_signal, child.pidfd.get(), signal, nullptr, 0);
}

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status))
    return "signal " + std::to_string(WTERMSIG(status)) + " (" + strsignal(WTERMSIG(status)) + ")";
  return "exit status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace mcpbox::launcher
