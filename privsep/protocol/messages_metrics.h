// Counters, gauges and histograms of the monitor, for a scraper.  Names, help and the text format are in
// privsep/protocol/metric_table.h and admin/metrics: the monitor sends numbers.
#pragma once

#include "privsep/protocol/messages_common.h"

namespace mcpbox::protocol {

enum class Metric : std::uint8_t {
  kBuild = 1,     // label: the version
  kCalls,         // by how they ended
  kCallsRefused,  // nothing ran
  kCallsInFlight,
  kCallsQueued,
  kCallDuration,   // histogram
  kQueueDuration,  // histogram
  kViolations,     // of a call's jail
  kChildEndings,   // by role
  kChildrenAlive,  // by role
  kAuditRecords,
  kAuditWaiting,  // records that are not durable yet
  kAuditCommit,   // histogram: from a record to its durability
  kDatabaseUp,
  kFrozen,
  kToolsPublished,
  kToolsPending,
  kServersRunning,
  kAuthentications,  // by action
  kEgressRequests,   // by verdict
  kLeaks,            // processes, groups and descriptors that should be gone, by what they are
  kSpaceReserveHeld,
};
constexpr bool is_known(Metric metric) {
  return metric >= Metric::kBuild && metric <= Metric::kSpaceReserveHeld;
}

struct MetricSample {
  Metric metric = Metric::kBuild;
  Text<64> label;  // the value of the metric's one label; empty when it has none
  std::uint64_t value = 0;
  static auto fields(auto& m) { return std::tie(m.metric, m.label, m.value); }
};

struct MetricHistogram {
  Metric metric = Metric::kCallDuration;
  List<std::uint64_t, limits::kHistogramBuckets>
      buckets;  // counts up to each bound, not summed up; then beyond
  std::uint64_t sum_ms = 0;
  static auto fields(auto& m) { return std::tie(m.metric, m.buckets, m.sum_ms); }
};

struct Metrics {
  List<MetricSample, 128> samples;
  List<MetricHistogram, 8> histograms;
  static auto fields(auto& m) { return std::tie(m.samples, m.histograms); }
};

struct GetMetrics {
  static constexpr Op kOp = Op::kGetMetrics;
  using Reply = Metrics;
  static auto fields(auto& /*m*/) { return std::tie(); }
};

}  // namespace mcpbox::protocol
