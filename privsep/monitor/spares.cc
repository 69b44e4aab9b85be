// Runs in the monitor.  Trusts the zygote to fork and to report, not with anything that a call carries.
#include "privsep/monitor/spares.h"

#include <sys/socket.h>

#include <array>
#include <csignal>

#include "privsep/protocol/orders.h"

namespace mcpbox::monitor {

void Spares::use_zygote(loop::Link* zygote) {
  zygote_ = zygote;
  forked_ = 0;
  forking_ = 0;
  idle_.clear();
  if (zygote_ == nullptr) {
    // Its process namespace died with it.  Whoever still waits for a spare waits for the next zygote.
    for (auto& [number, weak] : std::exchange(known_, {}))
      if (const std::shared_ptr<Spare> spare = weak.lock())
        spare->ended({.spare = number, .wait_status = SIGKILL});
    return;
  }
  refill();
}

loop::Task<std::shared_ptr<Spare>> Spares::take(std::int64_t patience_ms) {
  while (!idle_.empty()) {
    std::shared_ptr<Spare> spare = std::move(idle_.front());
    idle_.pop_front();
    if (!spare->alive()) continue;
    refill();
    co_return spare;
  }
  loop::Later<std::shared_ptr<Spare>> later;
  waiting_.push_back(later);
  refill();
  loop::Timer patience(loop_, [later]() mutable {
    later.resolve(base::fail(base::Why::kBusy, "no call process became free in time: try again in a moment"));
  });
  patience.start(patience_ms);
  base::Result<std::shared_ptr<Spare>> spare = co_await later.result();
  co_return spare;
}

void Spares::refill() {
  if (zygote_ == nullptr) return;
  std::erase_if(waiting_, [](const auto& later) { return later.resolved(); });
  while (idle_.size() + forking_ < keep_ + waiting_.size()) {
    ++forking_;
    tasks_.spawn(fork_one());
  }
}

loop::Task<> Spares::fork_one() {
  std::array<int, 2> pair{};
  loop::Link* const zygote = zygote_;
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) {
    --forking_;
    co_return base::fail_errno("no socket for a call child");
  }
  base::Fd ours(pair[0]);
  protocol::ForkSpare order{.spare = next_number_++, .socket = base::Fd(pair[1])};
  base::Result<protocol::Forked> forked = co_await loop::attempt(zygote->ask(order));
  if (zygote != zygote_) co_return base::fail(base::Why::kCancelled, "the zygote was replaced");
  --forking_;
  if (!forked) {
    log_.error("a call child could not be forked", forked.error());
    co_return std::unexpected(forked.error());
  }
  ++forked_;
  auto spare = std::make_shared<Spare>(loop_, order.spare, std::move(ours), std::move(forked->pidfd));
  known_[order.spare] = spare;
  hand_out(std::move(spare));
  co_return loop::Nothing{};
}

void Spares::hand_out(std::shared_ptr<Spare> spare) {
  while (!waiting_.empty()) {
    loop::Later<std::shared_ptr<Spare>> later = waiting_.front();
    waiting_.pop_front();
    if (later.resolved()) continue;
    return later.resolve(std::move(spare));
  }
  idle_.push_back(std::move(spare));
}

void Spares::ended(const protocol::SpareEnded& how) {
  const auto found = known_.find(how.spare);
  if (found == known_.end()) return;
  const std::shared_ptr<Spare> spare = found->second.lock();
  known_.erase(found);
  if (spare == nullptr) return;
  spare->ended(how);
  // One that died idle (out of memory, or by hand) is replaced.
  if (std::erase(idle_, spare) > 0) refill();
}

}  // namespace mcpbox::monitor
