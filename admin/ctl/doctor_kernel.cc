// Runs in mcpboxctl.  Asks the kernel what it offers; the answers hold for this user on this machine.
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "admin/ctl/doctor.h"
#include "privsep/base/fd.h"

namespace mcpbox::ctl {
namespace {

constexpr long kUsefulLandlock = 6;  // TCP from 4, abstract sockets and signals from 6

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

Finding landlock() {
  const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (abi < 0)
    return {Health::kProblem, "this kernel has no Landlock",
            "boot with a kernel that has it (5.13 or newer, lsm=...,landlock), or give up the layer "
            "`landlock` by name"};
  const std::string version = "Landlock ABI " + std::to_string(abi);
  if (abi < kUsefulLandlock)
    return {Health::kNote, version + ": files are covered, abstract sockets and signals need ABI 6",
            "a newer kernel"};
  return {Health::kGood, version, ""};
}

Finding seccomp() {
  const std::string actions = first_line("/proc/sys/kernel/seccomp/actions_avail");
  if (actions.find("kill_process") == std::string::npos)
    return {Health::kProblem, "this kernel has no seccomp filters that kill",
            "boot with a kernel that has CONFIG_SECCOMP_FILTER"};
  return {Health::kGood, "seccomp filters", ""};
}

Finding user_namespaces() {
  if (first_line("/proc/sys/user/max_user_namespaces") == "0")
    return {Health::kProblem, "user namespaces are switched off", "sysctl user.max_user_namespaces=15000"};
  const bool refused = first_line("/proc/sys/kernel/unprivileged_userns_clone") == "0" ||
                       first_line("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1";
  if (refused)
    return {Health::kNote,
            "ordinary users may not make user namespaces: a trial without root misses most layers",
            "install MCPbox as root, which is not concerned"};
  return {Health::kGood, "user namespaces", ""};
}

Finding secret_memory() {
  const base::Fd fd(static_cast<int>(::syscall(SYS_memfd_secret, 0)));
  if (fd) return {Health::kGood, "memfd_secret", ""};
  return {Health::kNote, "no memfd_secret: keys stay in locked memory, which root of this machine can read",
          "boot with secretmem.enable=1 where the kernel has it"};
}

Finding control_groups() {
  const std::string controllers = " " + first_line("/sys/fs/cgroup/cgroup.controllers") + " ";
  std::string missing;
  for (const char* wanted : {"cpu", "memory", "pids"})
    if (controllers.find(" " + std::string(wanted) + " ") == std::string::npos)
      missing += std::string(" ") + wanted;
  if (missing.empty()) return {Health::kGood, "cgroup v2 with cpu, memory and pids", ""};
  return {Health::kNote, "cgroup v2 lacks" + missing + ": calls have resource limits and no group",
          "systemd delegates controllers with Delegate=memory pids"};
}

}  // namespace

Findings look_at_kernel() {
  return {landlock(), seccomp(), user_namespaces(), secret_memory(), control_groups()};
}

}  // namespace mcpbox::ctl
