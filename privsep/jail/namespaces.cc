// Runs in every confined daemon at the door of its jail.  Trusts the kernel's answers, not the launcher's
// flags.
#include "privsep/jail/namespaces.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "privsep/base/fd.h"
#include "privsep/base/handles.h"

namespace mcpbox::jail {
namespace {

using Folder = std::unique_ptr<DIR, base::FreeWith<closedir>>;

struct NamespaceFile {
  policy::Layer layer;
  const char* path;
  const char* shared;
};

// clang-format off
constexpr NamespaceFile kFiles[] = {
    { policy::Layer::kPidNamespace,    "/proc/self/ns/pid",    "jail: pid-namespace: shared with the launcher" },
    { policy::Layer::kNetNamespace,    "/proc/self/ns/net",    "jail: net-namespace: shared with the launcher" },
    { policy::Layer::kMountNamespace,  "/proc/self/ns/mnt",    "jail: mount-namespace: shared with the launcher" },
    { policy::Layer::kIpcNamespace,    "/proc/self/ns/ipc",    "jail: ipc-namespace: shared with the launcher" },
    { policy::Layer::kUtsNamespace,    "/proc/self/ns/uts",    "jail: uts-namespace: shared with the launcher" },
    { policy::Layer::kCgroupNamespace, "/proc/self/ns/cgroup", "jail: cgroup-namespace: shared with the launcher" },
};
// clang-format on

// Nothing in it and no room to make anything: the root folder itself takes one of the two inodes.
constexpr const char* kEmptyRootOptions = "size=4k,nr_inodes=2,mode=0555";
constexpr unsigned long kRootFlags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
// With room for the folders that others are shown on.
constexpr const char* kSomeRootOptions = "size=64k,nr_inodes=64,mode=0755";
constexpr const char* kAnyFolder = "/tmp";  // exists everywhere; the empty root is mounted on it for a moment

const NamespaceFile* file_of(policy::Layer layer) {
  for (const NamespaceFile& row : kFiles)
    if (row.layer == layer) return &row;
  return nullptr;
}

bool same_file(int left, int right) {
  struct stat a = {}, b = {};
  return ::fstat(left, &a) == 0 && ::fstat(right, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

// Below the new root, while the old one is still there.
base::Result<void> show(const char* path) {
  const std::string place = std::string(kAnyFolder) + path;
  for (std::size_t at = place.find('/', 1); at != std::string::npos; at = place.find('/', at + 1))
    ::mkdir(place.substr(0, at).c_str(), 0755);
  ::mkdir(place.c_str(), 0755);
  if (::mount(path, place.c_str(), nullptr, MS_BIND | MS_REC, nullptr) < 0)
    return base::fail_errno("jail: empty-root: a folder cannot be shown");
  if (::mount(nullptr, place.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY | kRootFlags, nullptr) < 0)
    return base::fail_errno("jail: empty-root: a folder that is shown stays writable");
  return {};
}

// The machine's tree must not come back through a mount event, nor ours be seen in it.
base::Result<void> replace_root(std::span<const char* const> shown) {
  const char* options = shown.empty() ? kEmptyRootOptions : kSomeRootOptions;
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0)
    return base::fail_errno("jail: empty-root: the mounts stay shared");
  if (::mount("mcpbox", kAnyFolder, "tmpfs", kRootFlags, options) < 0)
    return base::fail_errno("jail: empty-root: no tmpfs");
  for (const char* path : shown)
    if (const base::Result<void> there = show(path); !there) return there;
  if (::chdir(kAnyFolder) < 0) return base::fail_errno("jail: empty-root: not enterable");
  if (::syscall(SYS_pivot_root, ".", ".") < 0) return base::fail_errno("jail: empty-root: pivot_root");
  // The old root now lies over the new one at the same place.
  if (::umount2(".", MNT_DETACH) < 0)
    return base::fail_errno("jail: empty-root: the machine's root stays mounted");
  if (::chdir("/") < 0) return base::fail_errno("jail: empty-root: not enterable");
  if (::mount(nullptr, "/", nullptr, MS_REMOUNT | MS_RDONLY | kRootFlags, options) < 0)
    return base::fail_errno("jail: empty-root: still writable");
  return {};
}

// "/run/avahi-daemon" puts "run" there.
bool leads_to_shown(std::string_view name, std::span<const char* const> shown) {
  return std::ranges::any_of(
      shown, [name](std::string_view path) { return path.substr(1, path.find('/', 1) - 1) == name; });
}

base::Result<void> verify_root_is_empty(std::span<const char* const> shown) {
  const Folder root(::opendir("/"));
  if (!root) return base::fail_errno("jail: empty-root: not readable");
  while (const dirent* entry = ::readdir(root.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != ".." && !leads_to_shown(name, shown))
      return base::fail(base::Why::kBroken, "jail: empty-root: something is in it");
  }
  const base::Fd parent(::open("/..", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!same_file(parent.get(), ::dirfd(root.get())))
    return base::fail(base::Why::kBroken, "jail: empty-root: something is above it");
  return {};
}

base::Result<void> verify_root_is_read_only() {
  struct statfs what = {};
  if (::statfs("/", &what) < 0) return base::fail_errno("jail: empty-root: not readable");
  if (what.f_type != TMPFS_MAGIC)
    return base::fail(base::Why::kBroken, "jail: empty-root: still the machine's");
  if (::mkdir("/probe", 0700) == 0 || errno != EROFS)
    return base::fail(base::Why::kBroken, "jail: empty-root: still writable");
  return {};
}

}  // namespace

// Only our own number is mapped, so the kernel cannot even look up root's: EINVAL.  Where root exists the
// answer is EPERM, or success.
base::Result<void> verify_user_namespace() {
  if (::geteuid() == 0 || ::setresuid(static_cast<uid_t>(-1), 0, static_cast<uid_t>(-1)) == 0 ||
      errno != EINVAL)
    return base::fail(base::Why::kBroken, "jail: user-namespace: shared with the launcher");
  return {};
}

base::Result<void> verify_namespace(policy::Layer layer) {
  const NamespaceFile* file = file_of(layer);
  if (file == nullptr) PANIC("a layer that is no namespace");
  const base::Fd ours(::open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC));
  const base::Fd space(::open(file->path, O_RDONLY | O_CLOEXEC));
  if (!ours || !space) return base::fail_errno("jail: namespaces: /proc is not readable");
  // EPERM: the owner is a user namespace above ours.
  const base::Fd owner(::ioctl(space.get(), NS_GET_USERNS));
  if (!owner || !same_file(owner.get(), ours.get()))
    return base::fail(base::Why::kBroken, file->shared, errno);
  // Only as its first process does its death end every other process in it.
  if (layer == policy::Layer::kPidNamespace && ::getpid() != 1)
    return base::fail(base::Why::kBroken, "jail: pid-namespace: not its first process");
  return {};
}

base::Result<void> empty_root(std::span<const char* const> shown) {
  if (!verify_user_namespace() || !verify_namespace(policy::Layer::kMountNamespace))
    return base::fail(base::Why::kBroken, "jail: empty-root: needs an own user and an own mount namespace");
  const base::Result<void> replaced = replace_root(shown);
  if (!replaced) return replaced;
  const base::Result<void> empty = verify_root_is_empty(shown);
  if (!empty) return empty;
  return verify_root_is_read_only();
}

}  // namespace mcpbox::jail
