// Mirrors privsep/monitor/activity.cc.
#include "privsep/monitor/activity.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "privsep/audit/actions.h"
#include "privsep/monitor/space_reserve.h"
#include "privsep/protocol/metric_table.h"
#include "tests/privsep/monitor/fixture.h"

namespace mcpbox::monitor {
namespace {

class ActivityTest : public MonitorTest {
 protected:
  void add(std::uint64_t sequence, const std::string& payload = "") {
    const AuditRecord record{.kind = AuditKind::kDecision,
                             .actor = "root\x1b[2J",
                             .action = "approve",
                             .subject = tool_id,
                             .payload = payload};
    monitor.activity.add({.sequence = sequence, .at_ms = 5, .waited_ms = 1, .record = record});
  }
  base::Result<protocol::ActivityPage> watch(std::uint64_t after, std::uint32_t wait_ms = 0) {
    return finish(monitor.activity.watch(after, wait_ms));
  }
};

TEST_F(ActivityTest, AWatcherBeginsNowAndGetsWhatFollows) {
  add(1);
  const auto now = watch(0);
  ASSERT_TRUE(now.has_value());
  EXPECT_EQ(now->next, 1U);
  EXPECT_TRUE(now->events.empty());
  add(2, std::string("a\0b\xff", 4));
  const auto page = watch(1);
  ASSERT_EQ(page->events.size(), 1U);
  EXPECT_EQ(page->events[0].subject, "srv__greet");
  EXPECT_EQ(page->events[0].actor.find('\x1b'), std::string::npos) << "outside text is made visible";
  EXPECT_EQ(page->events[0].says.find('\0'), std::string::npos);
  EXPECT_EQ(page->next, 2U);
}

TEST_F(ActivityTest, AWatcherWhoWaitsIsWokenOrGetsAnEmptyPage) {
  add(1);
  loop::Timer later(event_loop, [this] { add(2); });
  later.start(10);
  EXPECT_EQ(watch(1, 20'000)->events.size(), 1U);
  EXPECT_TRUE(watch(2, 10)->events.empty());
}

TEST_F(ActivityTest, WhatIsTooOldIsCountedAsMissed) {
  for (std::uint64_t i = 1; i <= policy::limits::kActivityKept + 50; ++i) add(i);
  const auto page = watch(10);
  EXPECT_EQ(page->missed, 40U);
  EXPECT_EQ(page->events.size(), policy::limits::kActivityPage);
  EXPECT_EQ(page->events.front().number, 51U);
}

TEST_F(ActivityTest, NobodyWatchesWhoMayNotDecide) {
  const auto person = peer(protocol::Role::kCtl, protocol::State::kServing);
  EXPECT_EQ(send(person, protocol::WatchActivity{}), Verdict::kKillPeer);
  const auto gateway = peer(protocol::Role::kNetLocal, protocol::State::kServing);
  EXPECT_EQ(send(gateway, protocol::WatchActivity{}), Verdict::kKillPeer);
  EXPECT_EQ(send(gateway, protocol::ReadAudit{}), Verdict::kKillPeer);
  const auto admin = peer(protocol::Role::kCtl, protocol::State::kDeciding);
  EXPECT_EQ(send(admin, protocol::WatchActivity{}), Verdict::kAccepted);
}

TEST_F(ActivityTest, TheAdminProcessGetsNumbersWithoutASessionAndAGatewayNever) {
  const auto admin = peer(protocol::Role::kAdmin, protocol::State::kServing);
  EXPECT_EQ(send(admin, protocol::GetMetrics{}), Verdict::kAccepted);
  EXPECT_EQ(send(admin, protocol::ReadStats{}), Verdict::kKillPeer);
  const auto gateway = peer(protocol::Role::kNetLocal, protocol::State::kServing);
  EXPECT_EQ(send(gateway, protocol::GetMetrics{}), Verdict::kKillPeer);
}

// rate() and increase() of a series that appears with its first event do not count that event.
TEST_F(ActivityTest, EveryCounterStandsAtZeroUnderEachOfItsLabelsBeforeAnythingHappened) {
  protocol::Metrics metrics;
  Meters().write(metrics);
  std::map<protocol::Metric, std::set<std::string>> labels;
  for (const protocol::MetricSample& sample : metrics.samples) {
    EXPECT_EQ(sample.value, 0U);
    EXPECT_TRUE(labels[sample.metric].insert(std::string(std::string_view(sample.label))).second);
  }
  for (const protocol::MetricRow& row : protocol::kMetrics)
    EXPECT_EQ(labels.contains(row.metric), row.type == protocol::MetricType::kCounter) << row.name;
  EXPECT_EQ(labels[protocol::Metric::kCalls].size(),
            static_cast<std::size_t>(protocol::CallEnd::kMissingCapability));
  EXPECT_FALSE(labels[protocol::Metric::kCalls].contains("unknown"));
  EXPECT_TRUE(labels[protocol::Metric::kAuthentications].contains("sign_in_refused"));
  EXPECT_TRUE(labels[protocol::Metric::kChildEndings].contains("zygote"));

  Meters meters;  // what is counted later comes under a label that was there
  for (const audit::Action& action : audit::kActions) {
    const auto* const kind = std::ranges::find(audit::kKinds, action.kind, &audit::Kind::name);
    const AuditRecord record{.kind = static_cast<AuditKind>(kind->number),
                             .actor = "zygote",
                             .action = std::string(action.name),
                             .number = 1};
    meters.count({.sequence = 1, .at_ms = 1, .waited_ms = 1, .record = record});
  }
  protocol::Metrics later;
  meters.write(later);
  EXPECT_EQ(later.samples.size(), metrics.samples.size());
}

TEST_F(ActivityTest, MetricsCountWhatTheChainSays) {
  const auto admin = peer(protocol::Role::kCtl, protocol::State::kDeciding);
  const AuditRecord outcome{.kind = AuditKind::kCallOutcome, .action = "call", .number = 5};
  monitor.meters.count({.sequence = 1, .at_ms = 1, .waited_ms = 3, .record = outcome});
  monitor.meters.call_took(7, 400'000);
  monitor.meters.network_used({.requests = 5, .denied = 2});
  protocol::GetMetrics question;
  const auto metrics = finish(on_get_metrics(monitor, *admin, std::move(question)));
  ASSERT_TRUE(metrics.has_value());
  const auto value_of = [&metrics](protocol::Metric metric, std::string_view label) {
    for (const protocol::MetricSample& sample : metrics->samples)
      if (sample.metric == metric && std::string_view(sample.label) == label) return sample.value;
    return ~std::uint64_t{0};
  };
  EXPECT_EQ(value_of(protocol::Metric::kCalls, "timed_out"), 1U);
  EXPECT_EQ(value_of(protocol::Metric::kEgressRequests, "made"), 5U);
  EXPECT_EQ(value_of(protocol::Metric::kEgressRequests, "denied"), 2U);
  EXPECT_EQ(value_of(protocol::Metric::kSpaceReserveHeld, ""), 1U);
  monitor.warnings.emplace_back(SpaceReserve::kShort);
  protocol::GetMetrics again;
  const auto later = finish(on_get_metrics(monitor, *admin, std::move(again)));
  ASSERT_TRUE(later.has_value());
  EXPECT_TRUE(std::ranges::any_of(later->samples, [](const protocol::MetricSample& sample) {
    return sample.metric == protocol::Metric::kSpaceReserveHeld && sample.value == 0;
  }));
  ASSERT_EQ(metrics->histograms.size(), 3U);
  EXPECT_EQ(metrics->histograms[0].buckets[3], 1U) << "7 ms is in the bucket up to 10";
  EXPECT_EQ(metrics->histograms[1].buckets.back(), 1U) << "beyond every bound";
}

}  // namespace
}  // namespace mcpbox::monitor
