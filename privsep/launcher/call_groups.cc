// Run by the launcher (root), at its start and at its end.  Trusts the kernel's files; reads every limit
// back.
#include "privsep/launcher/call_groups.h"

#include <fcntl.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ranges>

#include "policy/rlimits.h"

namespace mcpbox::launcher {
namespace {

using Done = Outcome<void>;

constexpr int kRemovalTries = 200;
constexpr useconds_t kRemovalPauseUs = 5'000;  // a killed process leaves its cgroup a moment after it died

Outcome<std::string> text_of(const std::string& path) {
  const base::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  std::array<char, 4096> some{};
  ssize_t length = file ? 1 : -1;
  while (length > 0) {
    length = read(file.get(), some.data(), some.size());
    if (length > 0) text.append(some.data(), static_cast<std::size_t>(length));
  }
  if (length < 0) return refuse_errno("cannot read " + path);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

Done write_text(const std::string& path, const std::string& text) {
  const base::Fd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file || write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return refuse_errno("cannot write " + path);
  return {};
}

// The kernel rounds down to whole pages; a limit that is a page off is still the limit.
Done set_limit(const std::string& path, std::uint64_t value) {
  const Done written = write_text(path, std::to_string(value));
  if (!written) return written;
  const Outcome<std::string> now = text_of(path);
  if (!now) return std::unexpected(now.error());
  const long page = sysconf(_SC_PAGESIZE);
  const std::uint64_t rounded = page > 0 ? value - value % static_cast<std::uint64_t>(page) : value;
  if (*now != std::to_string(value) && *now != std::to_string(rounded))
    return refuse(path + " is " + *now + " after " + std::to_string(value) + " was written to it");
  return {};
}

// Absent where the machine has no swap: then there is nothing to limit.
Done set_limit_if_there(const std::string& path, std::uint64_t value) {
  if (access(path.c_str(), F_OK) != 0) return {};
  return set_limit(path, value);
}

// One that is left over from a launcher that was killed is used again.
Done make_folder(const std::string& path) {
  if (mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return refuse_errno("cannot make " + path);
  return {};
}

bool remove_folder(const std::string& path) {
  for (int i = 0; i < kRemovalTries; ++i) {
    if (rmdir(path.c_str()) == 0 || errno == ENOENT) return true;
    if (errno != EBUSY) return false;
    usleep(kRemovalPauseUs);
  }
  return false;
}

std::string each(const std::vector<std::string_view>& controllers, char sign) {
  std::string text;
  for (const std::string_view one : controllers)
    text.append(text.empty() ? "" : " ").append(1, sign).append(one);
  return text;
}

bool has(const std::vector<std::string_view>& controllers, std::string_view wanted) {
  return std::ranges::find(controllers, wanted) != controllers.end();
}

Done have_controllers(const std::string& folder, const std::vector<std::string_view>& wanted) {
  const Outcome<std::string> offered = text_of(folder + "/cgroup.controllers");
  if (!offered) return std::unexpected(offered.error());
  const std::string padded = " " + *offered + " ";
  for (const std::string_view one : wanted)
    if (padded.find(" " + std::string(one) + " ") == std::string::npos)
      return refuse("the cgroup has no " + std::string(one) + " controller");
  return {};
}

// One byte with one or two descriptors: what a frame may carry.
bool send_two(int socket, const std::vector<base::Fd>& slots, std::size_t at) {
  const std::size_t count = std::min<std::size_t>(2, slots.size() - at);
  std::array<int, 2> numbers{};
  for (std::size_t i = 0; i < count; ++i) numbers[i] = slots[at + i].get();
  char byte = 0;
  iovec bytes{&byte, 1};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(2 * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = CMSG_SPACE(count * sizeof(int));
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(count * sizeof(int));
  std::memcpy(CMSG_DATA(header), numbers.data(), count * sizeof(int));
  return sendmsg(socket, &message, MSG_NOSIGNAL) == 1;
}

// To the group that is whoever runs calls alone, and not to its user: a file's owner may do that with a group
// of its own, so that a unit needs no CAP_CHOWN for it.
Done share_with(gid_t group, const std::string& path) {
  if (chown(path.c_str(), static_cast<uid_t>(-1), group) != 0 || chmod(path.c_str(), 0664) != 0)
    return refuse_errno("cannot share " + path);
  return {};
}

Done take_back(const std::string& path) {
  if (chmod(path.c_str(), 0644) != 0 || chown(path.c_str(), static_cast<uid_t>(-1), getegid()) != 0)
    return refuse_errno("cannot take back " + path);
  return {};
}

// With the rights of `owner` and without root's: they are what counts when the descriptor is written to.
base::Fd open_as(Identity owner, const std::string& path) {
  const auto our_group = static_cast<gid_t>(setfsgid(owner.gid));
  const auto ours = static_cast<uid_t>(setfsuid(owner.uid));
  base::Fd file(open(path.c_str(), O_RDWR | O_CLOEXEC));
  const int why = errno;
  setfsuid(ours);
  setfsgid(our_group);
  errno = why;
  return file;
}

// The fields of a line, between single blanks.
std::vector<std::string_view> fields(std::string_view line) {
  std::vector<std::string_view> all;
  for (const auto part : std::views::split(line, ' ')) all.emplace_back(part.begin(), part.end());
  return all;
}

}  // namespace

CallGroupPlan plan_for_this_machine(Identity owner, unsigned calls_memory_mb) {
  struct sysinfo machine{};
  sysinfo(&machine);
  const std::uint64_t most =
      static_cast<std::uint64_t>(machine.totalram) * machine.mem_unit / policy::limits::kMemoryDivisor;
  return {
      .owner = owner,
      .slots = policy::kCallGroups,
      .memory_of_one = policy::kCallGroupBytes,
      .memory_of_all = calls_memory_mb == 0 ? most : std::min(most, calls_memory_mb * policy::limits::kMiB)};
}

// mountinfo: ID PARENT MAJOR:MINOR ROOT MOUNTPOINT OPTIONS ... - TYPE SOURCE OPTIONS; cgroup: 0::PATH.
Outcome<std::string> cgroup_folder(std::string_view mountinfo, std::string_view cgroup) {
  std::string path;
  for (const auto part : std::views::split(cgroup, '\n')) {
    const std::string_view line(part.begin(), part.end());
    if (line.starts_with("0::/")) path = line.substr(3);
  }
  if (path.empty() || path.find("/..") != std::string::npos) return refuse("this process is in no cgroup v2");
  for (const auto part : std::views::split(mountinfo, '\n')) {
    const std::string_view line(part.begin(), part.end());
    const std::size_t dash = line.find(" - cgroup2 ");
    const std::vector<std::string_view> words = fields(line.substr(0, dash));
    if (dash == std::string_view::npos || words.size() < 5) continue;
    if (words[3] != "/") return refuse("cgroup v2 is mounted from a folder inside it");
    return std::string(words[4]) + (path == "/" ? "" : path);
  }
  return refuse("no cgroup v2 is mounted");
}

bool is_delegated(const std::string& folder) {
  for (const char* name : {"trusted.delegate", "user.delegate"}) {
    std::array<char, 4> value{};
    if (getxattr(folder.c_str(), name, value.data(), value.size()) == 1 && value[0] == '1') return true;
  }
  return false;
}

Outcome<CallGroups> CallGroups::make_here(Identity owner, unsigned calls_memory_mb) {
  if (geteuid() != 0) return refuse("only root can be given a cgroup here");
  const Outcome<std::string> mounts = text_of("/proc/self/mountinfo"), own = text_of("/proc/self/cgroup");
  if (!mounts || !own) return std::unexpected(mounts ? own.error() : mounts.error());
  const Outcome<std::string> folder = cgroup_folder(*mounts, *own);
  if (!folder) return std::unexpected(folder.error());
  if (!is_delegated(*folder)) return refuse(*folder + " was not delegated to this process");
  return make(*folder, plan_for_this_machine(owner, calls_memory_mb));
}

Outcome<CallGroups> CallGroups::make(const std::string& folder, const CallGroupPlan& plan) {
  const Done possible = have_controllers(folder, plan.controllers);
  if (!possible) return std::unexpected(possible.error());
  CallGroups groups(folder);
  groups.controllers_ = plan.controllers;
  const Done built = groups.build(plan);
  if (built) return groups;
  groups.remove();
  return std::unexpected(built.error());
}

Outcome<void> CallGroups::build(const CallGroupPlan& plan) {
  const std::string main = folder_ + "/main", calls = folder_ + "/calls";
  Done done = make_folder(main);
  if (done) done = write_text(main + "/cgroup.procs", "0");
  if (done) done = share_with(plan.owner.gid, folder_ + "/cgroup.procs");
  if (done) done = make_folder(calls);
  for (const std::string& parent : {folder_, calls})
    if (done && !controllers_.empty())
      done = write_text(parent + "/cgroup.subtree_control", each(controllers_, '+'));
  if (done && has(controllers_, "memory")) {
    done = set_limit(calls + "/memory.max", plan.memory_of_all);
    if (done) done = set_limit_if_there(calls + "/memory.swap.max", 0);
    if (done) done = set_limit(calls + "/memory.oom.group", 0);
  }
  for (unsigned number = 0; done && number < plan.slots; ++number) done = build_slot(plan, number);
  return done;
}

Outcome<void> CallGroups::limit_slot(const CallGroupPlan& plan, const std::string& slot) const {
  Done done;
  if (has(controllers_, "memory")) {
    done = set_limit(slot + "/memory.max", plan.memory_of_one);
    if (done) done = set_limit_if_there(slot + "/memory.swap.max", 0);
    if (done) done = set_limit(slot + "/memory.oom.group", 1);
  }
  if (done && has(controllers_, "pids")) done = set_limit(slot + "/pids.max", 1);
  return done;
}

Outcome<void> CallGroups::build_slot(const CallGroupPlan& plan, unsigned number) {
  const std::string slot = folder_ + "/calls/" + std::to_string(number);
  Done done = make_folder(slot);
  made_ = number + 1;
  if (done) done = limit_slot(plan, slot);
  if (done) done = share_with(plan.owner.gid, slot + "/cgroup.procs");
  if (!done) return done;
  base::Fd procs = open_as(plan.owner, slot + "/cgroup.procs");
  if (!procs) return refuse_errno("cannot open " + slot + "/cgroup.procs");
  slots_.push_back(std::move(procs));
  return {};
}

Outcome<base::Fd> CallGroups::pack(const std::vector<base::Fd>& slots) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
    return refuse_errno("no socket for control groups");
  const base::Fd in(ends[0]);
  base::Fd out(ends[1]);
  for (std::size_t at = 0; at < slots.size(); at += 2)
    if (!send_two(in.get(), slots, at)) return refuse_errno("control groups do not fit into a socket");
  return out;
}

bool CallGroups::remove() {
  const std::string main = folder_ + "/main", calls = folder_ + "/calls";
  slots_.clear();
  bool gone = true;
  if (access(calls.c_str(), F_OK) == 0) {
    [[maybe_unused]] const Done ended = write_text(calls + "/cgroup.kill", "1");
    for (unsigned number = 0; number < made_; ++number)
      gone = remove_folder(calls + "/" + std::to_string(number)) && gone;
    gone = remove_folder(calls) && gone;
  }
  // A cgroup that gives its controllers on may hold no process: first take them back.
  if (!controllers_.empty())
    gone = write_text(folder_ + "/cgroup.subtree_control", each(controllers_, '-')).has_value() && gone;
  gone = take_back(folder_ + "/cgroup.procs").has_value() && gone;
  gone = write_text(folder_ + "/cgroup.procs", "0").has_value() && gone;
  return remove_folder(main) && gone;
}

}  // namespace mcpbox::launcher
