// Run by the launcher before it starts anything.  Reads nothing; asks the kernel by trying.
#include "privsep/launcher/probe.h"

#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "privsep/jail/spawn_side.h"

namespace mcpbox::launcher {
namespace {

using policy::Layer;

constexpr unsigned kLandlockVersionFlag = 1;  // LANDLOCK_CREATE_RULESET_VERSION

// Runs `attempt` in a process of its own; true when it returns true.
bool works(auto&& attempt) {
  const pid_t child = fork();
  if (child == 0) _exit(attempt() ? 0 : 1);
  int status = 1;
  return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

bool namespace_works(Layer layer) {
  const std::uint64_t wanted = jail::namespaces_for(layer | Layer::kUserNamespace);
  return works([=] { return unshare(static_cast<int>(wanted)) == 0; });
}

// Some systems give a user namespace but no mount in it.
bool empty_root_works() {
  return works([] {
    return unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
           mount(nullptr, "/", nullptr, MS_PRIVATE | MS_REC, nullptr) == 0 &&
           mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, nullptr) == 0;
  });
}

bool landlock_works() { return syscall(SYS_landlock_create_ruleset, nullptr, 0, kLandlockVersionFlag) >= 1; }

bool seccomp_works() {
  const unsigned action = SECCOMP_RET_KILL_PROCESS;
  return syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

constexpr Layer kNamespaces[] = {
    Layer::kUserNamespace, Layer::kPidNamespace, Layer::kNetNamespace,    Layer::kMountNamespace,
    Layer::kIpcNamespace,  Layer::kUtsNamespace, Layer::kCgroupNamespace,
};

}  // namespace

policy::Layers missing_here() {
  policy::Layers missing = 0;
  if (geteuid() != 0) missing = missing | Layer::kOwnUid;
  for (const Layer layer : kNamespaces)
    if (!namespace_works(layer)) missing = missing | layer;
  if (!empty_root_works()) missing = missing | Layer::kEmptyRoot;
  if (!landlock_works()) missing = missing | Layer::kLandlock;
  if (!seccomp_works()) missing = missing | Layer::kSeccomp;
  return missing;
}

std::string names_of(policy::Layers layers) {
  std::string names;
  for (const policy::LayerName& row : policy::kLayerNames)
    if (policy::contains(layers, row.layer)) names.append(names.empty() ? "" : ", ").append(row.name);
  return names;
}

}  // namespace mcpbox::launcher
