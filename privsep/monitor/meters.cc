// Runs in the monitor.  Labels are words of our own tables, never outside text: their number is bounded.
#include "privsep/monitor/meters.h"

#include <algorithm>

#include "privsep/monitor/call_end.h"
#include "privsep/protocol/metric_table.h"

namespace mcpbox::monitor {

using protocol::kBucketBoundsMs;
using protocol::Metric;

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
  for (const auto& [key, value] : counters_)
    if (into.samples.size() < decltype(into.samples)::kMax)
      into.samples.push_back({.metric = key.first, .label = std::string_view(key.second), .value = value});
  into.histograms.push_back(ran_.as(Metric::kCallDuration));
  into.histograms.push_back(queued_.as(Metric::kQueueDuration));
  into.histograms.push_back(committed_.as(Metric::kAuditCommit));
}

}  // namespace mcpbox::monitor
