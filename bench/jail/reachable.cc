// Runs in bench-jail; each call is tried in a child of its own, because some of them end it.
#include "bench/jail/reachable.h"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <vector>

#include "bench/figures.h"
#include "policy/syscall_tables.h"
#include "privsep/jail/seccomp.h"

namespace mcpbox::bench {
namespace {

constexpr int kLastNumber = 600;  // beyond the newest call of Linux 6.18
constexpr int kMark = 999;        // no errno of the kernel
constexpr int kRefused = 1;
constexpr int kReached = 2;
constexpr int kNoFilter = 3;

// Arguments that meet the condition, and otherwise ones that can do no harm: no descriptor has this number.
std::array<long, 6> arguments_for(int number) {
  std::array<long, 6> arguments{-1, 0, 0, 0, 0, 0};
  for (const policy::SyscallRule& rule : policy::kCallCalls.rules) {
    if (rule.call != number || rule.then.effect != policy::Effect::kAllow) continue;
    for (const policy::Term& term : rule.only_if.terms)
      if (term.mask != 0) arguments[term.argument] = static_cast<long>(term.value & term.mask);
    break;
  }
  return arguments;
}

std::vector<sock_filter> marked_program() {
  const policy::Then mark{.effect = policy::Effect::kFail, .fail_errno = kMark};
  std::vector<policy::SyscallRule> rules;
  for (policy::SyscallRule rule : policy::kCallCalls.rules) {
    if (rule.then.effect != policy::Effect::kAllow) rule.then = mark;
    if (rule.then.effect == policy::Effect::kAllow) rules.push_back(rule);
  }
  return need(jail::compile({.name = "marked", .otherwise = mark, .rules = rules}));
}

bool is_reached(int number, const std::vector<sock_filter>& program) {
  const std::array<long, 6> a = arguments_for(number);
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::alarm(2);
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (jail::load_filter(program) != 0) ::_exit(kNoFilter);
    errno = 0;
    ::syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    ::_exit(errno == kMark ? kRefused : kReached);
  }
  int status = 0;
  if (pid < 0 || ::waitpid(pid, &status, 0) != pid) give_up("no child to try a system call in", errno);
  if (WIFEXITED(status) && WEXITSTATUS(status) == kNoFilter) give_up("the filter was not loaded");
  return !WIFEXITED(status) || WEXITSTATUS(status) != kRefused;
}

}  // namespace

int syscalls_reachable() {
  const std::vector<sock_filter> program = marked_program();
  int reached = 0;
  for (int number = 0; number <= kLastNumber; ++number)
    if (is_reached(number, program)) ++reached;
  return reached;
}

}  // namespace mcpbox::bench
