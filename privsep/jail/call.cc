// prepare() runs in the zygote before it is jailed; the rest in a forked call child, between fork and the
// first byte of a job.  Trusts the zygote it was forked from; what runs after it is trusted with nothing.
#include "privsep/jail/call.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "policy/syscall_tables.h"
#include "privsep/jail/filter_check.h"
#include "privsep/jail/landlock.h"
#include "privsep/jail/rlimits.h"
#include "privsep/jail/seccomp.h"

namespace mcpbox::jail {
namespace {

bool close_all_but(int last) {
  return ::close_range(0, kCallLinkFd - 1, 0) == 0 &&
         ::close_range(static_cast<unsigned>(last) + 1, ~0u, 0) == 0;
}

// poll() says POLLNVAL of a number that is not open: the one way to ask that stage 1 leaves.  Far enough up
// to see a zygote's own descriptors.
bool only_these_are_open(int last) {
  std::array<pollfd, 64> asked{};
  for (std::size_t i = 0; i < asked.size(); ++i)
    asked[i] = {.fd = static_cast<int>(i), .events = 0, .revents = 0};
  if (::poll(asked.data(), asked.size(), 0) < 0) return false;
  return std::ranges::all_of(asked, [last](const pollfd& one) {
    return ((one.revents & POLLNVAL) == 0) == (one.fd >= kCallLinkFd && one.fd <= last);
  });
}

// Stage 1 lets it pass, since dies_with() asks; without any filter it cannot fail.
bool is_under_stage_two() { return ::syscall(SYS_getppid) == -1 && errno == EPERM; }

// Out of the way of kCallLinkFd, which the child fills before it enters the ruleset.
base::Result<base::Fd> out_of_the_way(const base::Fd& fd) {
  base::Fd higher(::fcntl(fd.get(), F_DUPFD_CLOEXEC, kCallLinkFd + 1));
  if (!higher) return base::fail_errno("jail: landlock: no place for the ruleset");
  return higher;
}

base::Result<base::Fd> ruleset_for_calls(policy::Layers missing_allowed, long abi) {
  const base::Result<base::Fd> ruleset = make_ruleset(abi, {}, Signals::kOwnDomain);
  if (ruleset) return out_of_the_way(*ruleset);
  if (policy::contains(missing_allowed, policy::Layer::kLandlock)) return base::Fd();
  return std::unexpected(ruleset.error());
}

// The zygote may have died before the wish to die with it was known.  In an own pid namespace the parent
// always is 1.
bool dies_with(pid_t zygote) {
  int signal = 0;
  return ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::prctl(PR_GET_PDEATHSIG, &signal) == 0 &&
         signal == SIGKILL && ::getppid() == zygote;
}

}  // namespace

base::Result<CallJail> CallJail::prepare(std::span<const policy::ResourceLimit> limits,
                                         policy::Layers missing_allowed, const KernelOffers& offers) {
  CallJail jail;
  if (::prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) != 0)
    return base::fail_errno("jail: huge pages: the kernel does not give them up");
  jail.zygote_ = ::getpid();
  jail.limits_ = limits;
  base::Result<base::Fd> ruleset = ruleset_for_calls(missing_allowed, offers.landlock_abi);
  if (!ruleset) return std::unexpected(ruleset.error());
  jail.ruleset_ = std::move(*ruleset);
  jail.has_scopes_ = policy::contains(landlock_forms(offers.landlock_abi), policy::Better::kLandlockScopes);

  const base::Result<std::vector<sock_filter>> program = compile(policy::kCallCalls);
  if (!program) return std::unexpected(program.error());
  if (program->size() > kMaxInstructions)
    return base::fail(base::Why::kBroken, "jail: seccomp: too long a program");
  const int wrong = first_difference(*program, policy::kCallCalls);
  if (wrong >= 0)
    return std::unexpected(base::Error{base::Why::kBroken,
                                       "jail: seccomp: the program does not say what its table says", 0,
                                       name_of_call(wrong)});
  std::copy(program->begin(), program->end(), jail.program_.begin());
  jail.instructions_ = program->size();
  return jail;
}

// A sibling of the same uid in the same domain could be signalled; the zygote stands for them all.
bool CallJail::enter_own_domain() const noexcept {
  if (!ruleset_) return true;  // given up by name
  if (restrict_self(ruleset_.get()) != 0) return false;
  return !has_scopes_ || (::kill(zygote_, 0) < 0 && errno == EPERM);
}

// The order: the ruleset's descriptor must still be open when it is entered, and may have the number that
// the second socket is to get; limits, or else the filter
// refuses them; the filter last, because it refuses all of the above.  poll() before the limit on
// descriptors, which is also its own.
CallStep CallJail::try_enter(int monitor_fd, int egress_fd) const noexcept {
  if (::dup2(monitor_fd, kCallLinkFd) != kCallLinkFd) return CallStep::kLink;
  if (!dies_with(zygote_)) return CallStep::kParentDeath;
  if (!enter_own_domain()) return CallStep::kLandlock;
  const int last = egress_fd < 0 ? kCallLinkFd : kCallEgressFd;
  if (egress_fd >= 0 && ::dup2(egress_fd, kCallEgressFd) != kCallEgressFd) return CallStep::kLink;
  if (!close_all_but(last) || !only_these_are_open(last)) return CallStep::kDescriptors;
  if (lower_limits(limits_) != 0 || !limits_hold(limits_)) return CallStep::kLimits;
  if (load_filter({program_.data(), instructions_}) != 0 || !is_under_stage_two()) return CallStep::kSeccomp;
  return CallStep::kDone;
}

// Before this nobody was in the group, so whoever is in it now is this process.
void CallJail::join_group(int procs_fd) noexcept {
  char pid = 0;
  const bool in = ::write(procs_fd, "0", 1) == 1 && ::pread(procs_fd, &pid, 1, 0) == 1;
  if (!in) ::_exit(static_cast<int>(CallStep::kGroup));
}

void CallJail::enter(int monitor_fd, int egress_fd) const noexcept {
  const CallStep reached = try_enter(monitor_fd, egress_fd);
  if (reached != CallStep::kDone) ::_exit(static_cast<int>(reached));
}

}  // namespace mcpbox::jail
