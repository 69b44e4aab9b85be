// Runs in [attack], and once in a starting [zygote].  Trusts the jail that it is testing with nothing: a
// child that comes out of it wrongly is a line in the report.
#include "executor/attack/runner.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace mcpbox::attack {
namespace {

using base::fail_errno;
using base::Result;

constexpr std::uint64_t kCanary = 0x6d6370626f78a77a;
constexpr std::size_t kAtOnce = 4;  // children that die at the same time: two cores have work
constexpr Ending kStuck{.error = ETIMEDOUT};

Ending as_ending(int status) {
  if (WIFSIGNALED(status)) return {.signal = WTERMSIG(status)};
  return refused(WEXITSTATUS(status));
}

// What the sibling does: says that it is in its jail, waits, shows its canary.
int wait_for_a_job(int link, const std::uint64_t& canary) {
  char byte = 0;
  if (::write(link, &byte, 1) != 1 || ::read(link, &byte, 1) != 1) return EIO;
  return ::write(link, &canary, sizeof canary) == sizeof canary ? 0 : EIO;
}

}  // namespace

Runner::Runner(Enter enter, std::chrono::milliseconds patience)
    : enter_(std::move(enter)),
      patience_ms_(static_cast<int>(patience.count())),
      canary_(std::make_unique<std::uint64_t>(kCanary)) {
  std::array<int, 2> ends{-1, -1};
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) != 0) return;
  ours_ = base::Fd(ends[0]);
  theirs_ = base::Fd(ends[1]);
  if (::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) != 0) return;
  egress_ = base::Fd(ends[0]);
  ::close(ends[1]);
}

Result<Outcome> Runner::run(std::span<const Attempt> attempts) {
  if (!egress_) return base::fail(base::Why::kBroken, "attack: no socket pair");
  outcome_ = {};
  const Result<void> entered = enter_once();
  if (!entered) return std::unexpected(entered.error());
  const Result<Child> sibling = start_sibling();
  if (!sibling) return std::unexpected(sibling.error());
  ground_ = {.parent = ::getpid(), .sibling = sibling->pid, .canary = canary_.get()};

  std::vector<const Attempt*> together, alone;
  for (const Attempt& attempt : attempts) (attempt.alone ? alone : together).push_back(&attempt);
  Result<void> done = run_together(together);
  if (done) done = run_alone(alone);
  if (!done) return std::unexpected(done.error());
  if (!sibling_is_unharmed(*sibling))
    outcome_.holes.push_back({"the call child beside the attacker", "unharmed", "ended or changed"});
  return std::move(outcome_);
}

Result<Runner::Child> Runner::fork_child(const std::function<int(int link)>& body) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(body(enter_(theirs_.get(), egress_.get())));
  if (pid < 0) return fail_errno("attack: no child could be forked");
  Child child{.pid = pid, .pidfd = base::Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)))};
  if (!child.pidfd) return fail_errno("attack: no handle on a child");
  return child;
}

bool Runner::readable(int fd) const {
  pollfd wait{fd, POLLIN, 0};
  return ::poll(&wait, 1, patience_ms_) == 1;
}

Ending Runner::ending_of(const Child& child) const {
  const bool ended = readable(child.pidfd.get());
  if (!ended) ::kill(child.pid, SIGKILL);
  int status = 0;
  if (::wait4(child.pid, &status, 0, nullptr) != child.pid) return refused(errno);
  return ended ? as_ending(status) : kStuck;
}

// Its exit status would otherwise pass for an errno.
Result<void> Runner::enter_once() {
  const Result<Child> child = fork_child([](int /*link*/) { return 0; });
  if (!child) return std::unexpected(child.error());
  const Ending ending = ending_of(*child);
  if (ending == kDone) return {};
  return base::fail(base::Why::kBroken, "attack: a call child did not come into its jail", ending.error);
}

Result<Runner::Child> Runner::start_sibling() {
  Result<Child> child = fork_child([this](int link) { return wait_for_a_job(link, *canary_); });
  if (!child) return child;
  char byte = 0;
  if (!readable(ours_.get()) || ::read(ours_.get(), &byte, 1) != 1)
    return base::fail(base::Why::kBroken, "attack: the second call child does not answer");
  return child;
}

bool Runner::sibling_is_unharmed(const Child& sibling) {
  std::uint64_t shown = 0;
  const char byte = 0;
  const bool answers = ::write(ours_.get(), &byte, 1) == 1 && readable(ours_.get()) &&
                       ::read(ours_.get(), &shown, sizeof shown) == sizeof shown;
  if (!answers) ::kill(sibling.pid, SIGKILL);
  return ending_of(sibling) == kDone && shown == kCanary;
}

Result<void> Runner::run_alone(std::span<const Attempt* const> attempts) {
  while (!attempts.empty()) {
    const std::span<const Attempt* const> some = attempts.first(std::min(kAtOnce, attempts.size()));
    attempts = attempts.subspan(some.size());
    std::vector<Child> children;
    for (const Attempt* attempt : some) {
      Result<Child> child = fork_child([this, attempt](int /*link*/) { return attempt->attempt(ground_); });
      if (!child) return std::unexpected(child.error());
      children.push_back(std::move(*child));
    }
    for (std::size_t i = 0; i < some.size(); ++i) judge(*some[i], ending_of(children[i]));
  }
  return {};
}

// One that dies of an attempt that should have left it alive is followed by another, from the next attempt
// on.
Result<void> Runner::run_together(std::span<const Attempt* const> attempts) {
  while (!attempts.empty()) {
    const Result<std::size_t> judged = run_until_death(attempts);
    if (!judged) return std::unexpected(judged.error());
    attempts = attempts.subspan(*judged);
  }
  return {};
}

// The child answers with two bytes an attempt.  The sibling listens on the same socket, but it waits for
// bytes from here, which do not come before the end.
Result<std::size_t> Runner::run_until_death(std::span<const Attempt* const> attempts) {
  const Result<Child> child = fork_child([this, attempts](int link) {
    for (const Attempt* attempt : attempts) {
      const auto error = static_cast<std::uint16_t>(attempt->attempt(ground_));
      if (::write(link, &error, sizeof error) != sizeof error) return EIO;
    }
    return 0;
  });
  if (!child) return std::unexpected(child.error());
  std::size_t judged = 0;
  while (judged < attempts.size()) {
    std::array<pollfd, 2> wait{{{ours_.get(), POLLIN, 0}, {child->pidfd.get(), POLLIN, 0}}};
    if (::poll(wait.data(), wait.size(), patience_ms_) <= 0 || wait[0].revents == 0) break;
    std::uint16_t error = 0;
    if (::read(ours_.get(), &error, sizeof error) != sizeof error) break;
    judge(*attempts[judged++], refused(error));
  }
  const Ending ending = ending_of(*child);
  if (judged < attempts.size()) judge(*attempts[judged++], ending == kDone ? kStuck : ending);
  return judged;
}

void Runner::judge(const Attempt& attempt, const Ending& ending) {
  ++outcome_.attempts;
  if (attempt.expected.contains(ending)) return;
  outcome_.holes.push_back({attempt.name, words(attempt.expected), words(ending)});
}

}  // namespace mcpbox::attack
