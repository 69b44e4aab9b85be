// Runs in the monitor.  Actors and payloads hold other people's text: they leave here through visible(), cut.
#include "privsep/monitor/activity.h"

#include <algorithm>

#include "policy/limits.h"
#include "privsep/base/visible.h"

namespace mcpbox::monitor {
namespace {

namespace limits = policy::limits;

// At most N bytes, and not the half of a character: visible() leaves well-formed UTF-8.
template <std::size_t N>
std::string shown(std::string_view text) {
  std::string safe = base::visible(text);
  if (safe.size() <= N) return safe;
  std::size_t end = N;
  while (end > 0 && (static_cast<unsigned char>(safe[end]) & 0xC0) == 0x80) --end;
  safe.resize(end);
  return safe;
}

// The payload of an intent is a hash: nothing to read.
bool is_text(const AuditRecord& record) { return record.kind != AuditKind::kCallIntent; }

}  // namespace

std::string Activity::name_of_subject(const wire::Id& id) const {
  if (const Tool* tool = catalogue_.find_tool(id)) return catalogue_.published_name(*tool);
  if (const Server* server = catalogue_.find_server(id)) return server->name;
  return {};
}

void Activity::add(const Store::Durable& durable) {
  const AuditRecord& record = durable.record;
  kept_.push_back({.number = durable.sequence,
                   .at_ms = durable.at_ms,
                   .kind = static_cast<std::uint16_t>(record.kind),
                   .action = std::string_view(record.action),
                   .actor = shown<decltype(protocol::ActivityEvent::actor)::kMax>(record.actor),
                   .subject = name_of_subject(record.subject),
                   .call = record.call,
                   .value = record.number});
  if (is_text(record))
    kept_.back().says = shown<decltype(protocol::ActivityEvent::says)::kMax>(record.payload);
  if (kept_.size() > limits::kActivityKept) kept_.pop_front();
  last_ = durable.sequence;
  if (watchers_.empty()) return;
  loop_.soon([waiting = std::exchange(watchers_, {})]() mutable {
    for (loop::Later<loop::Nothing>& watcher : waiting) watcher.resolve(loop::Nothing{});
  });
}

protocol::ActivityPage Activity::page_after(std::uint64_t after) const {
  protocol::ActivityPage page{.events = {}, .next = after, .missed = 0};
  const auto first = std::ranges::find_if(
      kept_, [after](const protocol::ActivityEvent& event) { return event.number > after; });
  if (first == kept_.end()) return page;
  page.missed = first->number - after - 1;
  for (auto at = first; at != kept_.end() && page.events.size() < limits::kActivityPage; ++at)
    page.events.push_back(*at);
  page.next = page.events.back().number;
  return page;
}

loop::Task<protocol::ActivityPage> Activity::watch(std::uint64_t after, std::uint32_t wait_ms) {
  // Also for one who knows a number that this process has not given: the log may have been replaced.
  if (after == 0 || after > last_) co_return protocol::ActivityPage{.events = {}, .next = last_, .missed = 0};
  if (after < last_ || wait_ms == 0) co_return page_after(after);
  std::erase_if(watchers_, [](const loop::Later<loop::Nothing>& later) { return later.resolved(); });
  if (watchers_.size() >= limits::kActivityWatchers)
    co_return base::fail(base::Why::kBusy, "64 others watch already: try again later");
  loop::Later<loop::Nothing> news;
  watchers_.push_back(news);
  loop::Timer patience(loop_, [news]() mutable { news.resolve(loop::Nothing{}); });
  patience.start(std::min(wait_ms, limits::kActivityWaitMs));
  const base::Result<loop::Nothing> woken = co_await news.result();
  if (!woken) co_return std::unexpected(woken.error());
  co_return page_after(after);
}

}  // namespace mcpbox::monitor
