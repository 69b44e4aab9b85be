// What each metric is called and means.  Used by the formatter (admin/metrics) and, for the buckets, by the
// monitor.
#pragma once

#include <string_view>

#include "privsep/protocol/messages_metrics.h"

namespace mcpbox::protocol {

enum class MetricType : std::uint8_t { kCounter, kGauge, kHistogram };

struct MetricRow {
  Metric metric;
  MetricType type;
  std::string_view name;
  std::string_view label;  // name of its one label; empty when it has none
  std::string_view help;
};

// clang-format off
inline constexpr MetricRow kMetrics[] = {
    { Metric::kBuild,           MetricType::kGauge,     "mcpbox_build_info",             "version", "1; the version of this build is the label" },
    { Metric::kCalls,           MetricType::kCounter,   "mcpbox_calls_total",            "end",     "Calls and draft runs that ended, by how" },
    { Metric::kCallsRefused,    MetricType::kCounter,   "mcpbox_calls_refused_total",    "",        "Calls that were refused before anything ran" },
    { Metric::kCallsInFlight,   MetricType::kGauge,     "mcpbox_calls_in_flight",        "",        "Calls from the check to the recorded outcome" },
    { Metric::kCallsQueued,     MetricType::kGauge,     "mcpbox_calls_queued",           "",        "Of these, calls that wait for a processor or for memory" },
    { Metric::kCallDuration,    MetricType::kHistogram, "mcpbox_call_duration_seconds",  "",        "From the start of a tool's code to its end" },
    { Metric::kQueueDuration,   MetricType::kHistogram, "mcpbox_call_queue_seconds",     "",        "From the check of a call to the start of its code" },
    { Metric::kViolations,      MetricType::kCounter,   "mcpbox_jail_violations_total",  "",        "Call children that broke the rules of their jail" },
    { Metric::kChildEndings,    MetricType::kCounter,   "mcpbox_child_endings_total",    "role",    "Long-lived children that ended" },
    { Metric::kChildrenAlive,   MetricType::kGauge,     "mcpbox_children_alive",         "role",    "Children that are in their jail and at work" },
    { Metric::kAuditRecords,    MetricType::kGauge,     "mcpbox_audit_records",          "",        "Number of the last record of the audit chain" },
    { Metric::kAuditWaiting,    MetricType::kGauge,     "mcpbox_audit_waiting",          "",        "Audit records that are not durable yet" },
    { Metric::kAuditCommit,     MetricType::kHistogram, "mcpbox_audit_commit_seconds",   "",        "From a record to its durability: the lag of the audit log" },
    { Metric::kDatabaseUp,      MetricType::kGauge,     "mcpbox_database_up",            "",        "1 when the database answers" },
    { Metric::kFrozen,          MetricType::kGauge,     "mcpbox_frozen",                 "",        "1 while every call is refused by an administrator's freeze" },
    { Metric::kToolsPublished,  MetricType::kGauge,     "mcpbox_tools_published",        "",        "Tools that clients can call now" },
    { Metric::kToolsPending,    MetricType::kGauge,     "mcpbox_tools_pending",          "",        "Tools that wait for a review" },
    { Metric::kServersRunning,  MetricType::kGauge,     "mcpbox_servers_running",        "",        "Servers whose tools are offered" },
    { Metric::kAuthentications, MetricType::kCounter,   "mcpbox_authentications_total",  "action",  "Callers and administrators let in or refused" },
    { Metric::kEgressRequests,  MetricType::kCounter,   "mcpbox_egress_requests_total",  "verdict", "Requests of tools to the network" },
    { Metric::kLeaks,           MetricType::kGauge,     "mcpbox_leaks",                  "what",    "What should be gone after calls, and is not" },
    { Metric::kSpaceReserveHeld, MetricType::kGauge,    "mcpbox_space_reserve_held",     "",        "1 while the disk space that outcomes need is kept free; 0: the disk is full and calls are refused" },
};
// clang-format on

// Upper bounds of the buckets, in milliseconds; the last bucket is for everything beyond.
inline constexpr std::int64_t kBucketBoundsMs[] = {1,    2,    5,    10,    20,    50,    100,    200,   500,
                                                   1000, 2000, 5000, 10000, 20000, 60000, 120000, 300000};
static_assert(std::size(kBucketBoundsMs) + 1 <= limits::kHistogramBuckets);

constexpr bool every_metric_has_a_row() {
  std::size_t at = 0;
  for (const MetricRow& row : kMetrics)
    if (static_cast<std::size_t>(row.metric) != ++at) return false;
  return at == static_cast<std::size_t>(Metric::kSpaceReserveHeld);
}
static_assert(every_metric_has_a_row());

}  // namespace mcpbox::protocol
