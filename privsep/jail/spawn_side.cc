// Runs in the launcher, as root.  Trusts its own fixed plans and the kernel; reads nothing from the child but
// how far it came.
#include "privsep/jail/spawn_side.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>

#include "privsep/jail/spawn_child.h"

namespace mcpbox::jail {
namespace {

using base::Result;
using base::Why;

constexpr int kMaxTarget = 256;  // below the numbers that the child parks descriptors at

const char* text_of(ChildStep step) {
  switch (step) {
    case ChildStep::kMaps:
      return "spawn: user-namespace: the child never saw its id maps";
    case ChildStep::kSession:
      return "spawn: session: the child could not leave the terminal";
    case ChildStep::kBoundingSet:
      return "spawn: no-capabilities: the bounding set stays";
    case ChildStep::kGroups:
      return "spawn: own-uid: setgroups";
    case ChildStep::kGid:
      return "spawn: own-uid: setresgid";
    case ChildStep::kUid:
      return "spawn: own-uid: setresuid";
    case ChildStep::kCapabilities:
      return "spawn: no-capabilities: capset";
    case ChildStep::kAmbientSet:
      return "spawn: no-capabilities: the ambient set cannot be raised";
    case ChildStep::kParentDeath:
      return "spawn: parent-death: not set, or the launcher has ended";
    case ChildStep::kDescriptors:
      return "spawn: descriptors: not at their places";
    case ChildStep::kExec:
      return "spawn: exec: the program does not start";
  }
  return "spawn: the child ended in an unknown way";
}

bool runs_as_root() { return ::geteuid() == 0; }

Result<void> check(const SpawnPlan& plan) {
  if (plan.path == nullptr || plan.argv == nullptr || plan.argv[0] == nullptr)
    return base::fail(Why::kInvalid, "spawn: plan: no program");
  if (plan.uid == 0 || plan.gid == 0) return base::fail(Why::kInvalid, "spawn: plan: a child is never root");
  if (!runs_as_root() && (plan.uid != ::geteuid() || plan.gid != ::getegid()))
    return base::fail(Why::kInvalid,
                      "spawn: plan: without root a child can only have the launcher's own uid");
  if (plan.descriptors.size() > kMaxDescriptorMoves)
    return base::fail(Why::kInvalid, "spawn: plan: too many descriptors");
  for (const DescriptorMove& move : plan.descriptors)
    if (move.from < 0 || move.to < 0 || move.to >= kMaxTarget)
      return base::fail(Why::kInvalid, "spawn: plan: a descriptor number that cannot be");
  return {};
}

// One write: the kernel takes a map whole or not at all.
bool write_proc(pid_t pid, const char* file, const char* text) {
  std::array<char, 64> path{};
  std::snprintf(path.data(), path.size(), "/proc/%d/%s", pid, file);
  const base::Fd out(::open(path.data(), O_WRONLY | O_CLOEXEC));
  const std::size_t length = std::strlen(text);
  return out && ::write(out.get(), text, length) == static_cast<ssize_t>(length);
}

Result<void> write_map(pid_t pid, const char* file, const char* text) {
  if (!write_proc(pid, file, text)) return base::fail_errno("spawn: user-namespace: an id map is refused");
  return {};
}

// To go before others is anybody's right; to stay after others is root's.
Result<void> take_place_among_victims(pid_t pid, const SpawnPlan& plan) {
  std::array<char, 16> score{};
  std::snprintf(score.data(), score.size(), "%d\n", plan.oom_score_adj);
  if (!write_proc(pid, "oom_score_adj", score.data()) && plan.oom_score_adj > 0)
    return base::fail_errno("spawn: oom-order: the kernel does not take it");
  return {};
}

// The child's number, mapped to itself, and nothing else: root's number does not exist in there.
Result<void> write_maps(pid_t pid, const SpawnPlan& plan) {
  std::array<char, 64> map{};
  if (!runs_as_root()) {
    // The kernel wants this before it lets an ordinary user map a group.
    const Result<void> denied = write_map(pid, "setgroups", "deny");
    if (!denied) return denied;
  }
  std::snprintf(map.data(), map.size(), "%u %u 1\n", plan.uid, plan.uid);
  const Result<void> users = write_map(pid, "uid_map", map.data());
  if (!users) return users;
  std::snprintf(map.data(), map.size(), "%u %u 1\n", plan.gid, plan.gid);
  return write_map(pid, "gid_map", map.data());
}

struct Cloned {
  pid_t pid;
  int pidfd;
};

Cloned clone_with(std::uint64_t namespaces) {
  int pidfd = -1;
  clone_args args = {};
  args.flags = namespaces | CLONE_PIDFD;
  args.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  args.exit_signal = SIGCHLD;
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone3, &args, sizeof args));
  return {.pid = pid, .pidfd = pid > 0 ? pidfd : -1};
}

// End of the stream means that exec closed the child's end: it is running the program.
Result<void> hear_from(int child) {
  ChildFailure failure = {};
  ssize_t got = 0;
  do {
    got = ::recv(child, &failure, sizeof failure, MSG_WAITALL);
  } while (got < 0 && errno == EINTR);
  if (got == 0) return {};
  if (got != static_cast<ssize_t>(sizeof failure))
    return base::fail(Why::kBroken, "spawn: the child fell silent");
  return base::fail(Why::kBroken, text_of(failure.step), failure.sys_errno);
}

Result<void> see_through(pid_t pid, const SpawnPlan& plan, int child) {
  if ((plan.namespaces & CLONE_NEWUSER) != 0) {
    const Result<void> mapped = write_maps(pid, plan);
    if (!mapped) return mapped;
  }
  const Result<void> placed = take_place_among_victims(pid, plan);
  if (!placed) return placed;
  const bool gone = ::send(child, &kGo, sizeof kGo, MSG_NOSIGNAL) != sizeof kGo;
  const Result<void> heard = hear_from(child);  // also when it is gone: it may have said why
  if (heard && gone) return base::fail(Why::kBroken, "spawn: the child ended before it began");
  return heard;
}

void reap(const Spawned& child) {
  (void)::syscall(SYS_pidfd_send_signal, child.pidfd.get(), SIGKILL, nullptr, 0);
  while (::waitpid(child.pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace

Result<Spawned> spawn(const SpawnPlan& plan) {
  const Result<void> sound = check(plan);
  if (!sound) return std::unexpected(sound.error());
  const base::Fd program(::open(plan.path, O_PATH | O_CLOEXEC));
  if (!program) return base::fail_errno("spawn: exec: the program cannot be opened");
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) < 0)
    return base::fail_errno("spawn: descriptors: no socket to the child");
  const base::Fd ours(ends[0]);
  base::Fd theirs(ends[1]);

  const bool as_root =
      runs_as_root();  // asked here: in a new user namespace nobody is, until the maps are written
  const Cloned cloned = clone_with(plan.namespaces);
  if (cloned.pid < 0) return base::fail_errno("spawn: namespaces: clone is refused");
  if (cloned.pid == 0) {
    // Our end must not stay open in the child, or it would take itself for a living launcher.
    ::close(ends[0]);
    become({.plan = plan, .program = program.get(), .launcher = ends[1], .as_root = as_root});
  }
  theirs.reset();
  Spawned child{.pid = cloned.pid, .pidfd = base::Fd(cloned.pidfd)};
  const Result<void> started = see_through(child.pid, plan, ours.get());
  if (started) return child;
  reap(child);
  return std::unexpected(started.error());
}

std::uint64_t namespaces_for(policy::Layers layers) {
  struct Row {
    policy::Layer layer;
    std::uint64_t flag;
  };
  // clang-format off
  constexpr Row kRows[] = {
      { policy::Layer::kUserNamespace,   CLONE_NEWUSER },
      { policy::Layer::kPidNamespace,    CLONE_NEWPID },
      { policy::Layer::kNetNamespace,    CLONE_NEWNET },
      { policy::Layer::kMountNamespace,  CLONE_NEWNS },
      { policy::Layer::kIpcNamespace,    CLONE_NEWIPC },
      { policy::Layer::kUtsNamespace,    CLONE_NEWUTS },
      { policy::Layer::kCgroupNamespace, CLONE_NEWCGROUP },
  };
  // clang-format on
  std::uint64_t flags = 0;
  for (const Row& row : kRows)
    if (policy::contains(layers, row.layer)) flags |= row.flag;
  return flags;
}

}  // namespace mcpbox::jail
