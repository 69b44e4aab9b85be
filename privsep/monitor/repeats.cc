// Runs in the monitor.  Sources are named by others, so there is a bound on how many are told apart.
#include "privsep/monitor/repeats.h"

#include "policy/limits.h"

namespace mcpbox::monitor {

namespace limits = policy::limits;

void Repeats::note(AuditRecord record) {
  record.payload.resize(std::min(record.payload.size(), limits::kAuditPayloadBytes));
  Source source{record.kind, record.action, record.actor, record.subject, record.payload};
  if (!counted_.contains(source) && counted_.size() >= limits::kRepeatSources) {
    record.actor = "many";
    record.payload.clear();
    record.subject = {};
    source = {record.kind, record.action, record.actor, record.subject, record.payload};
  }
  if (!std::exchange(counting_, true)) timer_.start(limits::kRepeatMs);
  const auto [found, is_new] = counted_.try_emplace(std::move(source), Counted{.record = record});
  if (!is_new) {
    ++found->second.since_last;
    return;
  }
  record.number = 1;
  tasks_.spawn(write(std::move(record)));
}

loop::Task<> Repeats::write(AuditRecord record) {
  const std::string action = record.action;
  const base::Result<std::uint64_t> written = co_await loop::attempt(store_.append(std::move(record)));
  if (!written)
    log_.error("a record could not be written", {{"action", action}, {"why", written.error().text}});
  co_return loop::Nothing{};
}

// A source that was quiet for a whole minute is forgotten: its next event is a first one again.
void Repeats::end_minute() {
  for (auto at = counted_.begin(); at != counted_.end();) {
    Counted& counted = at->second;
    if (counted.since_last == 0) {
      at = counted_.erase(at);
      continue;
    }
    AuditRecord record = counted.record;
    record.number = std::exchange(counted.since_last, 0);
    tasks_.spawn(write(std::move(record)));
    ++at;
  }
  counting_ = !counted_.empty();
  if (counting_) timer_.start(limits::kRepeatMs);
}

loop::Task<> Repeats::settle() {
  std::vector<AuditRecord> left;
  for (auto& [source, counted] : counted_) {
    if (counted.since_last == 0) continue;
    left.push_back(counted.record);
    left.back().number = std::exchange(counted.since_last, 0);
  }
  for (AuditRecord& record : left) {
    const loop::Nothing written = co_await write(std::move(record));
    static_cast<void>(written);
  }
  co_return loop::Nothing{};
}

}  // namespace mcpbox::monitor
