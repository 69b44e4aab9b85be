// Runs in the monitor.  Trusts the kernel to say who is in a group, and no call child to have left one.
#include "privsep/monitor/call_groups.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>

#include "privsep/wire/frame.h"

namespace mcpbox::monitor {

base::Result<void> CallGroups::receive(int socket) {
  while (true) {
    unsigned char byte = 0;
    std::vector<base::Fd> fds;
    const base::Result<std::size_t> got = wire::receive_some(socket, {&byte, 1}, wire::kMaxFds, fds);
    if (!got && got.error().why == base::Why::kCancelled) return {};
    if (!got) return std::unexpected(got.error());
    for (base::Fd& fd : fds) add(std::move(fd));
  }
}

void CallGroups::add(base::Fd procs) {
  free_.push_back(slots_.size());
  slots_.push_back(std::move(procs));
}

// Reading cgroup.procs gives a line for each process.
bool CallGroups::is_empty(std::size_t slot) const {
  std::array<char, 16> pids{};
  return ::pread(slots_[slot].get(), pids.data(), pids.size(), 0) == 0;
}

base::Result<CallGroups::Seat> CallGroups::take() {
  if (slots_.empty()) return Seat();
  for (std::size_t tries = free_.size(); tries > 0; --tries) {
    const std::size_t slot = free_.front();
    free_.pop_front();
    if (is_empty(slot)) return Seat(this, slot);
    free_.push_back(slot);
  }
  return base::fail(base::Why::kBusy, "every control group for calls has somebody in it");
}

base::Result<std::optional<base::Fd>> CallGroups::Seat::descriptor() const {
  if (groups_ == nullptr) return std::optional<base::Fd>();
  base::Fd traveller(::fcntl(groups_->slots_[slot_].get(), F_DUPFD_CLOEXEC, 0));
  if (!traveller) return base::fail_errno("no descriptor for a call's control group");
  return traveller;
}

}  // namespace mcpbox::monitor
