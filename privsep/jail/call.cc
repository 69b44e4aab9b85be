// prepare() runs in the zygote before it is jailed; the rest in a forked call child, between fork and the
// first byte of a job.  Trusts the zygote it was forked from; what runs after it is trusted with nothing.
#include "privsep/jail/call.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "policy/syscall_tables.h"
#include "privsep/jail/landlock.h"
#include "privsep/jail/rlimits.h"
#include "privsep/jail/seccomp.h"

namespace mcpbox::jail {
namespace {

bool close_all_but_link() {
  return ::close_range(0, kCallLinkFd - 1, 0) == 0 && ::close_range(kCallLinkFd + 1, ~0u, 0) == 0;
}

// Out of the way of kCallLinkFd, which the child fills before it enters the ruleset.
base::Result<base::Fd> out_of_the_way(const base::Fd& fd) {
  base::Fd higher(::fcntl(fd.get(), F_DUPFD_CLOEXEC, kCallLinkFd + 1));
  if (!higher) return base::fail_errno("jail: landlock: no place for the ruleset");
  return higher;
}

base::Result<base::Fd> ruleset_for_calls(policy::Layers missing_allowed) {
  const base::Result<base::Fd> ruleset = make_ruleset({}, Signals::kOwnDomain);
  if (ruleset) return out_of_the_way(*ruleset);
  if (policy::contains(missing_allowed, policy::Layer::kLandlock)) return base::Fd();
  return std::unexpected(ruleset.error());
}

// The zygote may have died before the wish to die with it was known.  In an own pid namespace the parent
// always is 1.
bool dies_with(pid_t zygote) { return ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::getppid() == zygote; }

}  // namespace

base::Result<CallJail> CallJail::prepare(std::span<const policy::ResourceLimit> limits,
                                         policy::Layers missing_allowed) {
  CallJail jail;
  jail.zygote_ = ::getpid();
  jail.limits_ = limits;
  base::Result<base::Fd> ruleset = ruleset_for_calls(missing_allowed);
  if (!ruleset) return std::unexpected(ruleset.error());
  jail.ruleset_ = std::move(*ruleset);

  const base::Result<std::vector<sock_filter>> program = compile(policy::kCallCalls);
  if (!program) return std::unexpected(program.error());
  if (program->size() > kMaxInstructions)
    return base::fail(base::Why::kBroken, "jail: seccomp: too long a program");
  std::copy(program->begin(), program->end(), jail.program_.begin());
  jail.instructions_ = program->size();
  return jail;
}

// The order: the ruleset's descriptor must still be open when it is entered; limits, or else the filter
// refuses them; the filter last, because it refuses all of the above.
CallStep CallJail::try_enter(int monitor_fd) const noexcept {
  if (::dup2(monitor_fd, kCallLinkFd) != kCallLinkFd) return CallStep::kLink;
  if (!dies_with(zygote_)) return CallStep::kParentDeath;
  if (ruleset_ && restrict_self(ruleset_.get()) != 0) return CallStep::kLandlock;
  if (!close_all_but_link()) return CallStep::kDescriptors;
  if (lower_limits(limits_) != 0) return CallStep::kLimits;
  if (load_filter({program_.data(), instructions_}) != 0) return CallStep::kSeccomp;
  return CallStep::kDone;
}

void CallJail::enter(int monitor_fd) const noexcept {
  const CallStep reached = try_enter(monitor_fd);
  if (reached != CallStep::kDone) ::_exit(static_cast<int>(reached));
}

}  // namespace mcpbox::jail
