// Numbers about this process's work, for a scraper: counted where things happen, read by GetMetrics.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "privsep/monitor/store.h"
#include "privsep/protocol/messages_egress.h"
#include "privsep/protocol/messages_metrics.h"

namespace mcpbox::monitor {

class Meters {
 public:
  // Every durable record.
  void count(const Store::Durable& durable);
  // How long a call ran, and waited before that.
  void call_took(std::int64_t ran_ms, std::int64_t queued_ms);
  // What a call did with its network.
  void network_used(const protocol::NetworkUse& use);

  // Adds what was counted.  Gauges are on_metrics.cc's.
  void write(protocol::Metrics& into) const;

 private:
  struct Histogram {
    std::array<std::uint64_t, policy::limits::kHistogramBuckets> buckets{};
    std::uint64_t sum_ms = 0;
    void add(std::int64_t ms);
    [[nodiscard]] protocol::MetricHistogram as(protocol::Metric metric) const;
  };

  std::map<std::pair<protocol::Metric, std::string>, std::uint64_t> counters_;
  Histogram ran_, queued_, committed_;
};

}  // namespace mcpbox::monitor
