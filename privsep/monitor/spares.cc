// Runs in the monitor.  The set of packages is the key: it comes from approvals, never from a caller.
#include "privsep/monitor/spares.h"

#include <algorithm>

#include "privsep/monitor/call_end.h"
#include "privsep/monitor/monitor.h"

namespace mcpbox::monitor {

using base::Why;

namespace {

constexpr std::size_t kMostTexts = 256;

}  // namespace

Spares::Spares(Monitor& monitor, Plan plan) : m_(monitor), plan_(plan) {
  add({});
  m_.slots.when_idle([this] {
    for (auto& [flavour, kept] : pools_) kept.pool->work();
  });
}

void Spares::start() { pools_.at(Flavour{}).pool->start(); }

void Spares::add(const Flavour& flavour) {
  const bool standard = flavour.packages.empty();
  Pool::Plan plan = plan_.pool;
  if (!standard) plan.keep = std::min(plan.keep, m_.slots.counts().slots);
  Pool::Events events{.missing = [this, flavour](const std::string& package) { missing(flavour, package); },
                      .emptied = [this] { m_.loop.soon([this] { clear_emptied(); }); }};
  Kept kept{.pool = std::make_unique<Pool>(m_, flavour, plan, std::move(events)), .unused = nullptr};
  if (!standard)
    kept.unused = std::make_unique<loop::Timer>(
        m_.loop, [this, flavour] { drop(flavour, {Why::kBusy, words::kNoProcess}); });
  pools_.emplace(flavour, std::move(kept));
}

loop::Task<std::shared_ptr<Spare>> Spares::take(Flavour flavour, std::int64_t patience_ms) {
  const base::Result<Pool*> pool = pool_for(flavour);
  if (!pool) co_return std::unexpected(pool.error());
  Pool::Place place = (*pool)->take();
  loop::Timer patience(m_.loop,
                       [place]() mutable { place.resolve(base::fail(Why::kBusy, words::kNoProcess)); });
  patience.start(patience_ms);
  base::Result<std::shared_ptr<Spare>> spare = co_await place.result();
  const auto kept = pools_.find(flavour);
  if (kept != pools_.end() && kept->second.unused != nullptr)
    kept->second.unused->start(plan_.flavour_idle_ms);
  co_return spare;
}

base::Result<Pool*> Spares::pool_for(const Flavour& flavour) {
  if (!pools_.contains(flavour)) {
    if (leaving_.size() >= plan_.flavours) return base::fail(Why::kBusy, words::kTooManyFlavours);
    if (pools_.size() > plan_.flavours) drop_least_used();
    add(flavour);
  }
  Kept& kept = pools_.at(flavour);
  kept.last_use = ++uses_;
  // Whoever waits for its zygote uses it, however long that takes to start: take() starts this again.
  if (kept.unused != nullptr) kept.unused->stop();
  return kept.pool.get();
}

void Spares::drop_least_used() {
  const Flavour* least = nullptr;
  for (const auto& [flavour, kept] : pools_)
    if (kept.unused != nullptr && (least == nullptr || kept.last_use < pools_.at(*least).last_use))
      least = &flavour;
  if (least != nullptr) drop(Flavour(*least), {Why::kBusy, words::kTooManyFlavours});
}

void Spares::drop(const Flavour& flavour, const base::Error& why) {
  const auto found = pools_.find(flavour);
  if (found == pools_.end()) return;
  leaving_.push_back(std::move(found->second.pool));
  // From the loop: it may be this very timer, or a task of the pool, that brought us here.
  m_.loop.soon([unused = std::shared_ptr<loop::Timer>(std::move(found->second.unused))] {});
  pools_.erase(found);
  leaving_.back()->leave(why);
}

void Spares::missing(const Flavour& flavour, const std::string& package) {
  m_.log.warn("a package is not installed", {{"package", package}});
  const std::string text = words::not_installed(package);
  const bool room = texts_.size() < kMostTexts || texts_.contains(text);
  drop(flavour, {Why::kInvalid, room ? texts_.insert(text).first->c_str() : words::kNotInstalled});
}

void Spares::clear_emptied() {
  leaving_.remove_if([](const std::unique_ptr<Pool>& pool) { return pool->empty(); });
}

void Spares::ended(Instance zygote, const protocol::SpareEnded& how) {
  for (auto& [flavour, kept] : pools_)
    if (kept.pool->ended(zygote, how)) return;
  for (const std::unique_ptr<Pool>& pool : leaving_)
    if (pool->ended(zygote, how)) return;
}

std::uint32_t Spares::idle() const {
  std::uint32_t idle = 0;
  each_pool([&idle](const Pool& pool) { idle += pool.idle(); });
  return idle;
}

void Spares::each_pool(const std::function<void(const Pool&)>& visit) const {
  for (const auto& [flavour, kept] : pools_) visit(*kept.pool);
  for (const std::unique_ptr<Pool>& pool : leaving_) visit(*pool);
}

}  // namespace mcpbox::monitor
