// Runs in a child of the launcher before exec: still holds what the launcher holds, so it talks to nobody but
// it.
#include "privsep/jail/spawn_child.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

namespace mcpbox::jail {
namespace {

constexpr int kParkingLot = 256;  // numbers above every target: sources wait here while targets are filled
constexpr int kExitNotStarted = 127;

constexpr std::uint64_t bit(int capability) { return std::uint64_t{1} << capability; }

[[noreturn]] void give_up(const ChildSide& side, ChildStep step) {
  const ChildFailure failure = {.step = step, .sys_errno = errno};
  (void)::send(side.launcher, &failure, sizeof failure, MSG_NOSIGNAL);
  ::_exit(kExitNotStarted);
}

bool has_own_users(const ChildSide& side) { return (side.plan.namespaces & CLONE_NEWUSER) != 0; }

// What the exec'd binary may hold.  In an own user namespace: enough to finish its root and to empty its
// bounding set, and worth nothing outside.
std::uint64_t wanted_capabilities(const ChildSide& side) {
  if (has_own_users(side)) return bit(CAP_SYS_ADMIN) | bit(CAP_SETPCAP);
  return side.as_root && side.plan.keep_cap_kill ? bit(CAP_KILL) : 0;
}

bool wait_for_maps(const ChildSide& side) {
  unsigned char byte = 0;
  return ::recv(side.launcher, &byte, sizeof byte, 0) == sizeof byte && byte == kGo;
}

// A session of its own: the terminal's Ctrl-C is for the launcher, and nobody can type into the terminal for
// it.
bool leave_terminal() {
  ::umask(077);
  return ::setsid() >= 0 && ::chdir("/") == 0;
}

bool shrink_bounding_set(std::uint64_t kept) {
  for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability) >= 0; ++capability)
    if ((kept & bit(capability)) == 0 && ::prctl(PR_CAPBSET_DROP, capability) < 0) return false;
  return true;
}

bool set_capabilities(std::uint64_t kept) {
  __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> data{};
  data[0].effective = data[0].permitted = data[0].inheritable = static_cast<std::uint32_t>(kept);
  data[1].effective = data[1].permitted = data[1].inheritable = static_cast<std::uint32_t>(kept >> 32);
  return ::syscall(SYS_capset, &head, data.data()) == 0;
}

bool raise_ambient_set(std::uint64_t kept) {
  for (int capability = 0; capability < 64; ++capability)
    if ((kept & bit(capability)) != 0 && ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) < 0)
      return false;
  return true;
}

// Capabilities survive the change of uid only with PR_SET_KEEPCAPS, and exec only when ambient.
void change_identity(const ChildSide& side) {
  const std::uint64_t kept = wanted_capabilities(side);
  const bool may_drop = side.as_root || has_own_users(side);
  if (may_drop && !shrink_bounding_set(kept)) give_up(side, ChildStep::kBoundingSet);
  if (side.as_root && ::setgroups(0, nullptr) < 0) give_up(side, ChildStep::kGroups);
  if (::setresgid(side.plan.gid, side.plan.gid, side.plan.gid) < 0) give_up(side, ChildStep::kGid);
  if (kept != 0 && ::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) give_up(side, ChildStep::kCapabilities);
  if (::setresuid(side.plan.uid, side.plan.uid, side.plan.uid) < 0) give_up(side, ChildStep::kUid);
  if (!set_capabilities(kept)) give_up(side, ChildStep::kCapabilities);
  if (!raise_ambient_set(kept)) give_up(side, ChildStep::kAmbientSet);
}

// After the change of uid, which clears it.  The launcher may have died before: then nobody holds the other
// end of the socket.  (Asking for the parent's pid would say 0 in a pid namespace, dead or alive.)
bool dies_with_launcher(const ChildSide& side) {
  if (::prctl(PR_SET_PDEATHSIG, side.plan.parent_death_signal) < 0) return false;
  unsigned char byte = 0;
  return ::recv(side.launcher, &byte, sizeof byte, MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

// Everything the launcher holds goes at exec; only what is put at a target number is without close-on-exec.
bool arrange_descriptors(const ChildSide& side) {
  std::array<DescriptorMove, kMaxDescriptorMoves + 2> moves{};
  std::size_t count = 0;
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nothing < 0) return false;
  moves[count++] = {.from = nothing, .to = STDIN_FILENO};
  moves[count++] = {.from = nothing, .to = STDOUT_FILENO};
  for (const DescriptorMove& move : side.plan.descriptors) moves[count++] = move;

  for (std::size_t i = 0; i < count; ++i) {
    moves[i].from = ::fcntl(moves[i].from, F_DUPFD_CLOEXEC, kParkingLot);
    if (moves[i].from < 0) return false;
  }
  if (::close_range(STDERR_FILENO + 1, ~0u, CLOSE_RANGE_CLOEXEC) < 0) return false;
  for (std::size_t i = 0; i < count; ++i)
    if (::dup2(moves[i].from, moves[i].to) < 0) return false;
  return true;
}

void restore_signals() {
  for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace

void become(const ChildSide& before) {
  // Out of the way of the targets, which may have any number below.
  const ChildSide side = {.plan = before.plan,
                          .program = ::fcntl(before.program, F_DUPFD_CLOEXEC, kParkingLot),
                          .launcher = ::fcntl(before.launcher, F_DUPFD_CLOEXEC, kParkingLot),
                          .as_root = before.as_root};
  if (side.program < 0 || side.launcher < 0) give_up(before, ChildStep::kDescriptors);

  if (!wait_for_maps(side)) give_up(side, ChildStep::kMaps);
  if (!leave_terminal()) give_up(side, ChildStep::kSession);
  change_identity(side);
  if (!dies_with_launcher(side)) give_up(side, ChildStep::kParentDeath);
  if (!arrange_descriptors(side)) give_up(side, ChildStep::kDescriptors);
  restore_signals();

  const char* const nothing[] = {nullptr};
  const char* const* environment = side.plan.environment != nullptr ? side.plan.environment : nothing;
  ::syscall(SYS_execveat, side.program, "", side.plan.argv, environment, AT_EMPTY_PATH);
  give_up(side, ChildStep::kExec);
}

}  // namespace mcpbox::jail
