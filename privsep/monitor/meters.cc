// Runs in the monitor.  Labels are words of our own tables, never outside text: their number is bounded.
#include "privsep/monitor/meters.h"

#include <algorithm>

#include "privsep/audit/actions.h"
#include "privsep/monitor/call_end.h"
#include "privsep/protocol/metric_table.h"
#include "privsep/protocol/roles.h"

namespace mcpbox::monitor {

using protocol::kBucketBoundsMs;
using protocol::Metric;

namespace {

using Counters = std::map<std::pair<Metric, std::string>, std::uint64_t>;

// Every counter under each label that it can have, at 0: a scraper sees the first event as a rise.
Counters all_at_zero() {
  Counters counters;
  for (auto end = protocol::CallEnd::kOk; protocol::is_known(end);
       end = static_cast<protocol::CallEnd>(static_cast<unsigned>(end) + 1))
    counters[{Metric::kCalls, std::string(name_of(end))}] = 0;
  for (const audit::Action& action : audit::kActions)
    if (action.kind == "authentication") counters[{Metric::kAuthentications, std::string(action.name)}] = 0;
  constexpr protocol::Roles kNobodysChild = protocol::Role::kMonitor | protocol::Role::kCtl;
  for (const protocol::RoleName& row : protocol::kRoleNames)
    if (!protocol::contains(kNobodysChild, row.role) && row.role != protocol::Role::kCall)
      counters[{Metric::kChildEndings, std::string(row.name)}] = 0;
  for (const char* verdict : {"made", "denied"}) counters[{Metric::kEgressRequests, verdict}] = 0;
  counters[{Metric::kCallsRefused, ""}] = 0;
  counters[{Metric::kViolations, ""}] = 0;
  return counters;
}

}  // namespace

void Meters::Histogram::add(std::int64_t ms) {
  const auto* const bound = std::ranges::lower_bound(kBucketBoundsMs, ms);
  ++buckets[static_cast<std::size_t>(bound - std::begin(kBucketBoundsMs))];
  sum_ms += static_cast<std::uint64_t>(std::max<std::int64_t>(0, ms));
}

protocol::MetricHistogram Meters::Histogram::as(Metric metric) const {
  protocol::MetricHistogram histogram{.metric = metric, .buckets = {}, .sum_ms = sum_ms};
  for (std::size_t i = 0; i <= std::size(kBucketBoundsMs); ++i) histogram.buckets.push_back(buckets[i]);
  return histogram;
}

void Meters::count(const Store::Durable& durable) {
  const AuditRecord& record = durable.record;
  committed_.add(durable.waited_ms);
  const auto times = static_cast<std::uint64_t>(std::max<std::int64_t>(1, record.number));  // Repeats counts
  switch (record.kind) {
    case AuditKind::kCallOutcome:
      ++counters_[{Metric::kCalls, std::string(name_of(static_cast<protocol::CallEnd>(record.number)))}];
      break;
    case AuditKind::kRefusal:
      counters_[{Metric::kCallsRefused, ""}] += times;
      break;
    case AuditKind::kAuthentication:
      counters_[{Metric::kAuthentications, record.action}] += record.action == "unlocked" ? 1 : times;
      break;
    case AuditKind::kChildEnding:
      if (record.action == "ended")
        ++counters_[{Metric::kChildEndings, record.actor}];
      else
        ++counters_[{Metric::kViolations, ""}];
      break;
    default:
      break;
  }
}

void Meters::call_took(std::int64_t ran_ms, std::int64_t queued_ms) {
  ran_.add(ran_ms);
  queued_.add(queued_ms);
}

void Meters::network_used(const protocol::NetworkUse& use) {
  if (use.requests != 0) counters_[{Metric::kEgressRequests, "made"}] += use.requests;
  if (use.denied != 0) counters_[{Metric::kEgressRequests, "denied"}] += use.denied;
}

void Meters::write(protocol::Metrics& into) const {
  Counters counters = all_at_zero();
  for (const auto& [key, value] : counters_) counters[key] = value;
  for (const auto& [key, value] : counters)
    if (into.samples.size() < decltype(into.samples)::kMax)
      into.samples.push_back({.metric = key.first, .label = std::string_view(key.second), .value = value});
  into.histograms.push_back(ran_.as(Metric::kCallDuration));
  into.histograms.push_back(queued_.as(Metric::kQueueDuration));
  into.histograms.push_back(committed_.as(Metric::kAuditCommit));
}

}  // namespace mcpbox::monitor
