// Runs in every daemon at the door of its jail.  Trusts the kernel's answers, never what the launcher
// promised.
#include "privsep/jail/identity.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>

namespace mcpbox::jail {
namespace {

// linux/prctl.h of kernel 6.3.
constexpr int kSetMdwe = 65;
constexpr int kGetMdwe = 66;
constexpr unsigned long kRefuseExecGain = 1;

constexpr std::uint64_t bit(int capability) { return std::uint64_t{1} << capability; }

struct Capabilities {
  std::uint64_t effective = 0;
  std::uint64_t permitted = 0;
  std::uint64_t inheritable = 0;
};

using CapData = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

std::uint64_t joined(std::uint32_t low, std::uint32_t high) { return low | (std::uint64_t{high} << 32); }

base::Result<Capabilities> capabilities() {
  __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  CapData data{};
  if (::syscall(SYS_capget, &head, data.data()) < 0)
    return base::fail_errno("jail: no-capabilities: not readable");
  return Capabilities{.effective = joined(data[0].effective, data[1].effective),
                      .permitted = joined(data[0].permitted, data[1].permitted),
                      .inheritable = joined(data[0].inheritable, data[1].inheritable)};
}

base::Result<void> set_capabilities(std::uint64_t kept) {
  __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  CapData data{};
  data[0].effective = data[0].permitted = static_cast<std::uint32_t>(kept);
  data[1].effective = data[1].permitted = static_cast<std::uint32_t>(kept >> 32);
  if (::syscall(SYS_capset, &head, data.data()) < 0)
    return base::fail_errno("jail: no-capabilities: not dropped");
  return {};
}

// The kernel says EINVAL for the first number that is no capability.
base::Result<void> empty_bounding_set() {
  for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability) >= 0; ++capability)
    if (::prctl(PR_CAPBSET_DROP, capability) < 0 || ::prctl(PR_CAPBSET_READ, capability) != 0)
      return base::fail_errno("jail: no-capabilities: the bounding set stays");
  return {};
}

bool ambient_set_is_empty() {
  for (int capability = 0; ::prctl(PR_CAPBSET_READ, capability) >= 0; ++capability)
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, capability, 0, 0) != 0) return false;
  return true;
}

uid_t launcher_uid(int link_fd) {
  ucred maker = {};
  socklen_t size = sizeof maker;
  if (::getsockopt(link_fd, SOL_SOCKET, SO_PEERCRED, &maker, &size) < 0) return ::geteuid();
  return maker.uid;
}

}  // namespace

base::Result<void> verify_own_uid(uid_t expected, int link_fd) {
  uid_t real = 0, effective = 0, saved = 0;
  gid_t real_group = 0, effective_group = 0, saved_group = 0;
  if (::getresuid(&real, &effective, &saved) < 0 ||
      ::getresgid(&real_group, &effective_group, &saved_group) < 0)
    return base::fail_errno("jail: own-uid: not readable");
  if (real != effective || real != saved || real_group != effective_group || real_group != saved_group)
    return base::fail(base::Why::kBroken, "jail: own-uid: a former identity is left to go back to");
  if (real == 0 || real_group == 0) return base::fail(base::Why::kBroken, "jail: own-uid: this is root");
  if (expected != 0 && real != expected)
    return base::fail(base::Why::kBroken, "jail: own-uid: not the expected one");
  if (launcher_uid(link_fd) == real)
    return base::fail(base::Why::kBroken, "jail: own-uid: the launcher has the same one");
  if (::getgroups(0, nullptr) != 0)
    return base::fail(base::Why::kBroken, "jail: own-uid: supplementary groups");
  return {};
}

base::Result<void> verify_parent_death() {
  int signal = 0;
  if (::prctl(PR_GET_PDEATHSIG, &signal) < 0) return base::fail_errno("jail: parent-death: not readable");
  if (signal != SIGKILL) return base::fail(base::Why::kBroken, "jail: parent-death: not set");
  return {};
}

base::Result<void> drop_capabilities(Keep keep) {
  const base::Result<Capabilities> before = capabilities();
  if (!before) return std::unexpected(before.error());
  if (keep == Keep::kNothing) {
    const base::Result<void> bounded = empty_bounding_set();
    if (!bounded) return bounded;
  }
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
    return base::fail_errno("jail: no-capabilities: the ambient set stays");
  const std::uint64_t kept = keep == Keep::kKill ? before->permitted & bit(CAP_KILL) : 0;
  const base::Result<void> set = set_capabilities(kept);
  if (!set) return set;

  const base::Result<Capabilities> after = capabilities();
  if (!after) return std::unexpected(after.error());
  if (after->effective != kept || after->permitted != kept || after->inheritable != 0 ||
      !ambient_set_is_empty())
    return base::fail(base::Why::kBroken, "jail: no-capabilities: some are left");
  return {};
}

base::Result<void> forbid_new_privileges() {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
    return base::fail_errno("jail: no-new-privileges: refused");
  if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
    return base::fail(base::Why::kBroken, "jail: no-new-privileges: not in force");
  return {};
}

base::Result<void> forbid_dump() {
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0) return base::fail_errno("jail: not-dumpable: refused");
  if (::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
    return base::fail(base::Why::kBroken, "jail: not-dumpable: not in force");
  return {};
}

base::Result<void> forbid_new_code() {
  if (::prctl(kSetMdwe, kRefuseExecGain, 0, 0, 0) < 0)
    return base::fail_errno("jail: write-xor-execute: refused");
  if (::prctl(kGetMdwe, 0, 0, 0, 0) != static_cast<int>(kRefuseExecGain))
    return base::fail(base::Why::kBroken, "jail: write-xor-execute: accepted, and not in force");
  return {};
}

}  // namespace mcpbox::jail
