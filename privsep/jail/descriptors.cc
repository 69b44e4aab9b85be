// Runs in every daemon at the door of its jail.  Trusts its own list, not what it inherited.
#include "privsep/jail/descriptors.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <bitset>

namespace mcpbox::jail {
namespace {

using FdSet = std::bitset<kMaxDescriptor>;

bool is_open(int fd) { return ::fcntl(fd, F_GETFD) >= 0; }

// Neither a pipe nor an anonymous inode leads to a file, a process or another machine.
bool is_loop_object(int fd) {
  struct stat what = {};
  if (::fstat(fd, &what) < 0) return false;
  return S_ISFIFO(what.st_mode) || (what.st_mode & S_IFMT) == 0;
}

base::Result<FdSet> wanted(std::span<const int> keep, Unlisted unlisted) {
  FdSet set;
  for (const int fd : keep) {
    if (fd < 0 || fd >= kMaxDescriptor || !is_open(fd))
      return base::fail(base::Why::kBroken, "jail: descriptors: a listed one is not open", EBADF);
    set.set(static_cast<std::size_t>(fd));
  }
  if (unlisted == Unlisted::kClose) return set;
  for (int fd = 0; fd < kMaxDescriptor; ++fd)
    if (is_loop_object(fd)) set.set(static_cast<std::size_t>(fd));
  return set;
}

}  // namespace

base::Result<void> close_other_fds(std::span<const int> keep, Unlisted unlisted) {
  const base::Result<FdSet> set = wanted(keep, unlisted);
  if (!set) return std::unexpected(set.error());

  if (::close_range(kMaxDescriptor, ~0u, 0) < 0) return base::fail_errno("jail: descriptors: close_range");
  for (int fd = 0; fd < kMaxDescriptor; ++fd)
    if (!set->test(static_cast<std::size_t>(fd))) ::close(fd);

  for (int fd = 0; fd < kMaxDescriptor; ++fd)
    if (is_open(fd) != set->test(static_cast<std::size_t>(fd)))
      return base::fail(base::Why::kBroken, "jail: descriptors: one that is not listed is still open", EBUSY);
  return {};
}

std::vector<int> those_that_exist(std::initializer_list<int> fds) {
  std::vector<int> exist;
  for (const int fd : fds)
    if (fd >= 0) exist.push_back(fd);
  return exist;
}

}  // namespace mcpbox::jail
