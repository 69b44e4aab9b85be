// Runs in the monitor.  Trusts a zygote to fork and to report; a violation by a child costs the zygote its
// place, because the child's code may have found a way back into it.
#include "privsep/monitor/pool.h"

#include <sys/wait.h>

#include <algorithm>
#include <csignal>

#include "privsep/monitor/ids.h"
#include "privsep/monitor/monitor.h"
#include "privsep/protocol/orders.h"

namespace mcpbox::monitor {

namespace limits = policy::limits;
using protocol::ZygoteLife;

namespace {

constexpr std::int64_t kRetiredMs = limits::kTimeoutMaxMs + 10'000;  // longer than any call may still take

}  // namespace

Pool::Pool(Monitor& monitor, Flavour flavour, Plan plan, Events events)
    : m_(monitor),
      flavour_(std::move(flavour)),
      plan_(plan),
      events_(std::move(events)),
      again_(monitor.loop, [this] { start(); }) {}

// --- Starting, replacing, ending --------------------------------------------------------------------------

void Pool::start() {
  if (starting_ || leaving_ || m_.children.stopping()) return;
  again_.stop();
  starting_ = true;
  replacing_ = false;
  started_ms_ = m_.clock.steady_ms();
  tasks_.spawn(launch());
}

loop::Task<> Pool::launch() {
  const auto late = std::make_shared<std::weak_ptr<Zygote>>();  // known after its process
  Child::Events events{.serving = [this, late] { serves(late->lock()); },
                       .lost = [this, late](const base::Error& /*why*/) { lost(late->lock()); }};
  base::Result<std::shared_ptr<Child>> process =
      co_await loop::attempt(m_.children.launch(protocol::Role::kZygote, std::move(events)));
  if (!process) {
    m_.log.error("a zygote could not be started", process.error());
    starting_ = false;
    start_again();
    co_return std::unexpected(process.error());
  }
  next_ = std::make_shared<Zygote>(m_, std::move(*process), plan_.fork_ms, [this, late](Spare& spare) {
    if (const ZygotePointer zygote = late->lock()) violated(zygote, spare.work(), "protocol", 0);
  });
  *late = next_;
  if (leaving_)
    next_->end();
  else
    tasks_.spawn(load(next_));
  co_return loop::Nothing{};
}

// Its first order.  What goes wrong ends its link, and lost() follows.
loop::Task<> Pool::load(ZygotePointer zygote) {
  const std::shared_ptr<Peer> peer = zygote->process().peer;
  if (peer == nullptr) co_return base::fail(base::Why::kBroken, "the zygote is gone");
  protocol::LoadPackages order;
  for (const std::string& package : flavour_.packages) order.packages.emplace_back(package);
  const base::Result<protocol::Loaded> loaded = co_await loop::attempt(peer->link->ask(order));
  if (!loaded) {
    peer->link->close(loaded.error());
    co_return std::unexpected(loaded.error());
  }
  if (loaded->missing.empty()) m_.modules.note_loaded(flavour_.packages);
  if (!loaded->missing.empty()) {
    zygote->end();
    m_.modules.note_missing(loaded->missing);
    if (events_.missing) events_.missing(loaded->missing);
  }
  co_return loop::Nothing{};
}

void Pool::serves(const ZygotePointer& zygote) {
  if (zygote == nullptr || zygote != next_) return;
  starting_ = false;
  if (current_ != nullptr) retire(current_);
  current_ = std::exchange(next_, nullptr);
  m_.log.info("zygote forks", {{"flavour", flavour_.name()}, {"pid", current_->process().pid}});
  work();
}

void Pool::retire(ZygotePointer zygote) {
  idle_.clear();
  m_.log.info("zygote replaced", {{"flavour", flavour_.name()},
                                  {"pid", zygote->process().pid},
                                  {"forked", zygote->forked()},
                                  {"calls_in_flight", zygote->children()}});
  zygote->end_after(kRetiredMs);
  retired_.push_back(std::move(zygote));
  end_finished();
}

void Pool::end_finished() {
  for (const ZygotePointer& zygote : retired_)
    if (zygote->children() == 0) zygote->end();
}

void Pool::lost(const ZygotePointer& zygote) {
  if (zygote == nullptr) return;
  zygote->died();
  std::erase(retired_, zygote);
  const bool was_current = zygote == current_;
  const bool was_next = zygote == next_;
  if (was_current) {
    idle_.clear();
    current_ = nullptr;
  }
  if (was_next) {
    next_ = nullptr;
    starting_ = false;
  }
  if (was_current || was_next) start_again();
  tell_if_emptied();
}

void Pool::start_again() {
  if (!leaving_) start_after(restarts_.pause_after(m_.clock.steady_ms()));
  tell_if_emptied();
}

void Pool::tell_if_emptied() {
  if (leaving_ && empty() && events_.emptied) events_.emptied();
}

void Pool::start_after(std::int64_t pause_ms) {
  if (!starting_ && !leaving_) again_.start(pause_ms);
}

void Pool::leave(const base::Error& why) {
  leaving_ = true;
  again_.stop();
  for (Place& place : std::exchange(waiting_, {})) place.resolve(std::unexpected(why));
  if (next_ != nullptr) next_->end();
  if (current_ != nullptr) retire(std::exchange(current_, nullptr));
  tell_if_emptied();
}

// --- Children ---------------------------------------------------------------------------------------------

Pool::Place Pool::take() {
  Place place;
  while (!idle_.empty()) {
    std::shared_ptr<Spare> spare = std::move(idle_.front());
    idle_.pop_front();
    if (!spare->alive()) continue;
    place.resolve(std::move(spare));
    break;
  }
  if (!place.resolved()) waiting_.push_back(place);
  if (current_ == nullptr && !starting_) start_after(0);
  work();
  return place;
}

// A child for somebody who waits touches no pages; one for later does, in a slot that nobody else wants.
void Pool::work() {
  if (current_ == nullptr) return;
  std::erase_if(waiting_, [](const Place& place) { return place.resolved(); });
  for (std::size_t coming = current_->forking(); coming < waiting_.size(); ++coming)
    tasks_.spawn(fork_one(current_, nullptr));
  for (std::size_t kept = idle_.size() + current_->forking(); waiting_.empty() && kept < plan_.keep; ++kept) {
    Slots::TurnPointer turn = m_.slots.take_idle();
    if (turn == nullptr) break;
    tasks_.spawn(fork_one(current_, std::move(turn)));
  }
  if (current_->forked() >= plan_.forks_per_zygote) start();
}

loop::Task<> Pool::fork_one(ZygotePointer zygote, Slots::TurnPointer turn) {
  const auto pages = turn == nullptr ? Zygote::Pages::kUntouched : Zygote::Pages::kTouched;
  base::Result<std::shared_ptr<Spare>> spare = co_await loop::attempt(zygote->fork(pages));
  if (zygote != current_) {
    work();  // its successor forks for whoever still waits
    co_return loop::Nothing{};
  }
  if (!spare) {
    m_.log.error("a call child could not be forked", spare.error());
    co_return std::unexpected(spare.error());
  }
  if (turn != nullptr) (*spare)->touch_in(std::move(turn));
  hand_out(std::move(*spare));
  co_return loop::Nothing{};
}

void Pool::hand_out(std::shared_ptr<Spare> spare) {
  while (!waiting_.empty()) {
    Place place = waiting_.front();
    waiting_.pop_front();
    if (!place.resolved()) return place.resolve(std::move(spare));
  }
  idle_.push_back(std::move(spare));
  work();
}

bool Pool::ended(Instance instance, const protocol::SpareEnded& how) {
  const ZygotePointer zygote = find(instance);
  if (zygote == nullptr) return false;
  const std::shared_ptr<Spare> spare = zygote->ended(how);
  if (WIFSIGNALED(how.wait_status) && WTERMSIG(how.wait_status) == SIGSYS)
    violated(zygote, spare == nullptr ? Work{} : spare->work(), "forbidden_syscall", SIGSYS);
  // One that died idle (out of memory, or by hand) is replaced.
  if (spare != nullptr) std::erase(idle_, spare);
  end_finished();
  work();
  return true;
}

Pool::ZygotePointer Pool::find(Instance instance) const {
  const auto is = [instance](const ZygotePointer& zygote) {
    return zygote != nullptr && zygote->process().peer != nullptr &&
           zygote->process().peer->instance == instance;
  };
  if (is(current_)) return current_;
  const auto found = std::ranges::find_if(retired_, is);
  return found == retired_.end() ? nullptr : *found;
}

// The kernel does not tell which system call it was: only that there was one.
void Pool::violated(const ZygotePointer& zygote, const Work& work, std::string_view how,
                    std::int64_t number) {
  const Tool* tool = m_.catalogue.find_tool(work.tool);
  m_.log.warn("a call child broke out of line",
              {{"how", how},
               {"signal", number},
               {"tool", tool == nullptr ? "" : m_.catalogue.published_name(*tool)},
               {"digest", hex_of(work.digest)},
               {"zygote", zygote->process().pid}});
  AuditRecord record{.kind = AuditKind::kChildEnding,
                     .actor = "call",
                     .action = "violation",
                     .subject = work.tool,
                     .call = work.call,
                     .digest = work.digest,
                     .number = number,
                     .payload = std::string(how)};
  m_.background.spawn(m_.store.append(std::move(record)));
  if (zygote == current_) replace_after_violation();
}

// A tool that misbehaves at every call must not keep the machine busy with starting zygotes.
void Pool::replace_after_violation() {
  if (starting_ || std::exchange(replacing_, true)) return;
  const std::int64_t since_ms = m_.clock.steady_ms() - started_ms_;
  start_after(std::max<std::int64_t>(0, plan_.replace_pause_ms - since_ms));
}

std::vector<std::pair<ZygoteLife, const Zygote*>> Pool::zygotes() const {
  std::vector<std::pair<ZygoteLife, const Zygote*>> all;
  if (current_ != nullptr) all.emplace_back(ZygoteLife::kForks, current_.get());
  if (next_ != nullptr) all.emplace_back(ZygoteLife::kStarts, next_.get());
  for (const ZygotePointer& zygote : retired_) all.emplace_back(ZygoteLife::kRetired, zygote.get());
  return all;
}

}  // namespace mcpbox::monitor
