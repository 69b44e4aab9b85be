// Runs in the monitor.  Trusts the kernel about free space; the rest of the disk belongs to anybody.
#include "privsep/monitor/space_reserve.h"

#include <fcntl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <limits>

#include "policy/audit_limits.h"

namespace mcpbox::monitor {

namespace limits = policy::limits;

SpaceReserve::SpaceReserve(loop::Loop& loop, const base::Log& log)
    : log_(log), timer_(loop, [this] {
        look();
        timer_.start(limits::kSpaceLookMs);
      }) {}

void SpaceReserve::keep(base::Fd file) {
  file_ = std::move(file);
  hold();
  timer_.start(limits::kSpaceLookMs);
}

std::uint64_t SpaceReserve::free_bytes() const {
  struct statfs disk{};
  if (::fstatfs(file_.get(), &disk) != 0) return 0;
  if (disk.f_blocks == 0) return std::numeric_limits<std::uint64_t>::max();  // a tmpfs without a size
  return static_cast<std::uint64_t>(disk.f_bavail) * static_cast<std::uint64_t>(disk.f_bsize);
}

void SpaceReserve::hold() {
  const auto size = static_cast<off_t>(limits::kSpaceReserveBytes);
  int failed = 0;
  while ((failed = ::fallocate(file_.get(), 0, 0, size) == 0 ? 0 : errno) == EINTR) {
  }
  held_ = failed == 0;
  if (changed_) changed_(held_ || (failed != ENOSPC && failed != EDQUOT));
  if (held_) return;
  // Half a reserve would take room and give none when it counts.
  [[maybe_unused]] const int emptied = ::ftruncate(file_.get(), 0);
  if (failed == ENOSPC || failed == EDQUOT)
    return log_.error("the disk is full: no space is reserved for the audit log, and no call begins");
  usable_ = false;
  log_.warn("this file system sets no space aside: a full disk can keep the audit log from being written",
            {{"errno", std::strerror(failed)}});
}

void SpaceReserve::look() {
  if (!usable_) return;
  const std::uint64_t free = free_bytes();
  if (held_ && free < limits::kSpaceCriticalBytes) {
    give_up();
  } else if (!held_ && free >= limits::kSpaceReserveBytes + 2 * limits::kSpaceLowBytes) {
    hold();
    if (held_) log_.info("the space reserve is held again: calls are accepted");
  }
}

bool SpaceReserve::give_up() {
  if (!file_ || !held_) return false;
  const bool given = ::ftruncate(file_.get(), 0) == 0;
  held_ = false;
  if (changed_) changed_(false);
  log_.error("the disk is full: the space reserve is given up, and calls are refused until there is room");
  return given;
}

base::Result<void> SpaceReserve::check() const {
  if (!file_ || !usable_) return {};
  if (held_ && free_bytes() >= limits::kSpaceLowBytes) return {};
  return base::fail(base::Why::kBusy, kShort);
}

}  // namespace mcpbox::monitor
