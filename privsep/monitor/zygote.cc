// Runs in the monitor.  Trusts a zygote to fork and to report, not with anything that a call carries.
#include "privsep/monitor/zygote.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>

#include "privsep/monitor/monitor.h"
#include "privsep/protocol/orders.h"

namespace mcpbox::monitor {

Zygote::Zygote(Monitor& monitor, std::shared_ptr<Child> process, std::int64_t fork_ms,
               std::function<void(Spare&)> violated)
    : m_(monitor),
      process_(std::move(process)),
      look_ms_(std::max<std::int64_t>(1, fork_ms / kLooks)),
      violated_(std::move(violated)),
      patience_(monitor.loop, [this] { look(); }) {}

loop::Task<std::shared_ptr<Spare>> Zygote::fork(Pages pages) {
  std::array<int, 2> pair{};
  std::array<int, 2> network{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0)
    co_return base::fail_errno("no socket for a call child");
  base::Fd ours(pair[0]);
  base::Fd theirs(pair[1]);
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, network.data()) != 0)
    co_return base::fail_errno("no second socket for a call child");
  base::Fd for_egress(network[0]);
  const std::uint64_t number = ++forked_;
  protocol::ForkSpare order{.spare = number,
                            .touch_pages = pages == Pages::kTouched,
                            .socket = std::move(theirs),
                            .egress = base::Fd(network[1])};
  base::Result<CallGroups::Seat> seat = m_.call_groups.take();
  base::Result<std::optional<base::Fd>> group = seat ? seat->descriptor() : std::unexpected(seat.error());
  if (!group) co_return std::unexpected(group.error());
  order.group = std::move(*group);
  const std::shared_ptr<Peer> peer = process_->peer;
  if (peer == nullptr) co_return base::fail(base::Why::kBroken, "the zygote is gone");
  if (++forking_ == 1) watch();
  base::Result<protocol::Forked> forked = co_await loop::attempt(peer->link->ask(order));
  --forking_;
  watch();
  if (!forked) co_return std::unexpected(forked.error());
  std::shared_ptr<Spare> spare =
      Spare::make(m_, number, std::move(ours), std::move(forked->pidfd), violated_);
  spare->sit(std::move(*seat));
  spare->holds(std::move(for_egress));
  living_[number] = spare;
  co_return spare;
}

void Zygote::watch() {
  silent_looks_ = 0;
  if (forking_ > 0)
    patience_.start(look_ms_);
  else
    patience_.stop();
}

void Zygote::look() {
  if (++silent_looks_ < kLooks) return patience_.start(look_ms_);
  // From the loop: the end of the link may be the end of this timer.
  m_.loop.soon([peer = process_->peer] {
    if (peer != nullptr) peer->link->close({base::Why::kTimeout, "it did not fork when it was told to"});
  });
}

std::shared_ptr<Spare> Zygote::ended(const protocol::SpareEnded& how) {
  const auto found = living_.find(how.spare);
  if (found == living_.end()) return nullptr;
  std::shared_ptr<Spare> spare = found->second.lock();
  living_.erase(found);
  if (spare != nullptr) spare->ended(how);
  return spare;
}

void Zygote::died() {
  for (auto& [number, weak] : std::exchange(living_, {}))
    if (const std::shared_ptr<Spare> spare = weak.lock())
      spare->ended(base::fail(base::Why::kBroken, "the zygote died, and its children with it"));
}

void Zygote::end_after(std::int64_t milliseconds) {
  last_ = std::make_unique<loop::Timer>(m_.loop, [this] { end(); });
  last_->start(milliseconds);
}

void Zygote::end() {
  if (process_->peer == nullptr) return;
  process_->leaving = true;
  process_->peer->link->close({base::Why::kCancelled, "it is not needed any more"});
}

}  // namespace mcpbox::monitor
