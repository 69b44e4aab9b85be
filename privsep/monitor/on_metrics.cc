// Runs in the monitor: numbers for a scraper, and statistics for people.
#include <algorithm>

#include "privsep/monitor/monitor.h"
#include "privsep/monitor/reads.h"
#include "privsep/monitor/space_reserve.h"
#include "privsep/monitor/sql_logs.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {

namespace limits = policy::limits;

namespace {

using protocol::Metric;

void gauge(p::Metrics& into, Metric metric, std::uint64_t value, std::string_view label = "") {
  if (into.samples.size() < decltype(into.samples)::kMax)
    into.samples.push_back({.metric = metric, .label = label, .value = value});
}

void add_tools(const Monitor& m, p::Metrics& into) {
  std::uint64_t published = 0, pending = 0, running = 0;
  for (const auto& [id, tool] : m.catalogue.tools()) {
    published += m.catalogue.listed(tool) ? 1 : 0;
    pending += tool.approval == p::Approval::kPendingReview ? 1 : 0;
  }
  for (const auto& [id, server] : m.catalogue.servers()) running += server.running ? 1 : 0;
  gauge(into, Metric::kToolsPublished, published);
  gauge(into, Metric::kToolsPending, pending);
  gauge(into, Metric::kServersRunning, running);
}

// What belongs to no call any more: processes beyond the spares that wait and the calls that run.
void add_children(const Monitor& m, p::Metrics& into) {
  for (const Children::Kept& kept : m.children.kept())
    gauge(into, Metric::kChildrenAlive, kept.child != nullptr && kept.child->serving() ? 1 : 0,
          protocol::name_of(kept.role));
  std::uint64_t zygotes = 0, forked = 0;
  m.spares.each_pool([&](const Pool& pool) {
    for (const auto& [life, zygote] : pool.zygotes()) {
      zygotes += zygote->process().serving() ? 1 : 0;
      forked += zygote->children();
    }
  });
  gauge(into, Metric::kChildrenAlive, zygotes, "zygote");
  gauge(into, Metric::kChildrenAlive, forked, "call");
  const std::uint64_t wanted = m.calls.in_flight() + m.spares.idle();
  gauge(into, Metric::kLeaks, forked > wanted ? forked - wanted : 0, "process");
}

}  // namespace

Answer<p::Metrics> on_get_metrics(Monitor& m, Peer& /*asker*/, p::GetMetrics /*q*/) {
  p::Metrics metrics;
  gauge(metrics, Metric::kBuild, 1, kVersion);
  gauge(metrics, Metric::kCallsInFlight, m.calls.in_flight());
  gauge(metrics, Metric::kCallsQueued, m.slots.waiting());
  gauge(metrics, Metric::kAuditRecords, m.store.audit_records());
  gauge(metrics, Metric::kAuditWaiting, m.store.waiting_records());
  gauge(metrics, Metric::kDatabaseUp, m.store.up() ? 1 : 0);
  gauge(metrics, Metric::kFrozen, m.frozen ? 1 : 0);
  const bool short_of_space = std::ranges::find(m.warnings, SpaceReserve::kShort) != m.warnings.end();
  gauge(metrics, Metric::kSpaceReserveHeld, short_of_space ? 0 : 1);
  add_tools(m, metrics);
  add_children(m, metrics);
  m.meters.write(metrics);
  co_return metrics;
}

Answer<p::JsonText> on_read_stats(Monitor& m, Peer& /*asker*/, p::ReadStats q) {
  if (q.period_hours == 0 || q.period_hours > limits::kStatsHoursMax)
    co_return base::fail(base::Why::kInvalid, "period_hours is 1 to 8760");
  const std::int64_t since = m.clock.now_ms() - std::int64_t{q.period_hours} * 3'600'000;
  Statement statement{.sql = &sql::kStats,
                      .params = {Param::integer(since), Param::integer(q.period_hours),
                                 Param::integer(limits::kCountedRows)}};
  p::JsonText json = co_await read_json(m, std::move(statement));
  co_return json;
}

}  // namespace mcpbox::monitor
