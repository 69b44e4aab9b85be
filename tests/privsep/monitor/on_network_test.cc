// Mirrors privsep/monitor/on_network.cc and egress.cc: what egress is given, and what a stolen one is not.
#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "tests/privsep/monitor/network_fixture.h"

namespace mcpbox::monitor {
namespace {

TEST_F(NetworkTest, ASealedValueIsReadForItsBindingAndTheReadIsRecorded) {
  const wire::Id call = running_call();
  const std::string placeholder = placeholder_of(call);
  ASSERT_EQ(placeholder.size(), std::string_view("mcpbox-secret-").size() + 32);
  const auto value = read(call, placeholder);
  ASSERT_TRUE(value.has_value()) << value.error().text;
  EXPECT_EQ(value->value, "hunter2hunter2");
  EXPECT_EQ(value->name + ": " + value->form, "Authorization: Bearer {}");
  ASSERT_EQ(store.count(AuditKind::kSecretRead), 1U);
  const AuditRecord& record = store.records.back();
  EXPECT_EQ(record.action, "read_secret");
  EXPECT_EQ(record.payload, "API_KEY to api.example.com:443");
  EXPECT_EQ(record.call, call);
  end_call(call);
}

TEST_F(NetworkTest, AStolenEgressReadsNothingWithoutALiveBinding) {
  const wire::Id call = running_call();
  const std::string placeholder = placeholder_of(call);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(read(call, placeholder, "evil.example").error().why, Why::kRefused);
  EXPECT_EQ(read(call, placeholder, "api.example.com", 80).error().why, Why::kRefused);
  EXPECT_EQ(read(wire::Id{9}, placeholder).error().why, Why::kNotFound);
  EXPECT_EQ(read(call, "mcpbox-secret-" + std::string(32, '0')).error().why, Why::kNotFound);
  EXPECT_EQ(read(call, "API_KEY").error().why, Why::kNotFound);
  EXPECT_EQ(store.count(AuditKind::kSecretRead), 0U);
  EXPECT_EQ(store.count(AuditKind::kRefusal), 2U) << "one for each place, however often in a minute";
  end_call(call);
  EXPECT_EQ(read(call, placeholder).error().why, Why::kNotFound) << "the call is over";
  EXPECT_EQ(store.count(AuditKind::kSecretRead), 0U);
}

TEST_F(NetworkTest, APlaceholderIsOfOneCallAlone) {
  const wire::Id first = running_call();
  const std::string of_first = placeholder_of(first);
  const std::function<void()> finish_first = finish_call;
  const wire::Id second = running_call();
  EXPECT_NE(of_first, placeholder_of(second));
  EXPECT_EQ(read(second, of_first).error().why, Why::kNotFound);
  EXPECT_TRUE(read(second, placeholder_of(second)).has_value());
  end_call(second);
  finish_call = finish_first;
  end_call(first);
}

TEST_F(NetworkTest, WhatWasTakenAwayIsNotRead) {
  const wire::Id call = running_call();
  const std::string placeholder = placeholder_of(call);
  monitor.grants.erase(wire::Id{77});
  EXPECT_EQ(read(call, placeholder).error().why, Why::kRefused) << "the host is not approved any more";
  approve_host("api.example.com", 443);
  ASSERT_TRUE(set("API_KEY", "hunter2hunter2", "other.example").has_value());
  EXPECT_EQ(read(call, placeholder).error().why, Why::kRefused) << "it has another binding now";
  EXPECT_EQ(store.count(AuditKind::kSecretRead), 0U);
  end_call(call);
}

TEST_F(NetworkTest, WithoutARecordThereIsNoRead) {
  const wire::Id call = running_call();
  const std::string placeholder = placeholder_of(call);
  store.broken = true;
  EXPECT_EQ(read(call, placeholder).error().why, Why::kBroken);
  store.broken = false;
  end_call(call);
}

TEST_F(NetworkTest, AGrantOutlivesTheTimeInWhichTheCallWaitsForItsClient) {
  const wire::Id call = running_call();
  const Call& running = *monitor.calls.find(call);
  EXPECT_GT(std::int64_t{seconds} * 1000, running.timeout_ms + policy::limits::kWaitForClientMs);
  end_call(call);
}

TEST_F(NetworkTest, AMisplacedPlaceholderIsRecordedAndCounted) {
  const wire::Id call = running_call();
  for (const protocol::Denied what : {protocol::Denied::kPlaceholder, protocol::Denied::kDestination})
    ASSERT_TRUE(finish(on_report_denied(monitor, *root,
                                        {.grant = call, .host = "evil.example", .port = 443, .what = what}))
                    .has_value());
  EXPECT_EQ(monitor.calls.find(call)->egress_denied, 2U);
  ASSERT_EQ(store.count(AuditKind::kRefusal), 1U);
  EXPECT_EQ(store.records.back().action, "secret_refused");
  end_call(call);
}

// To show such a thing to a reviewer would be to ask for it.
TEST_F(NetworkTest, WhatNobodyCanApproveIsCountedAndIsNoSuggestion) {
  const wire::Id call = running_call();
  const auto tried = [&](const char* host) {
    ASSERT_TRUE(
        finish(on_report_denied(monitor, *root, {.grant = call, .host = std::string_view(host), .port = 80}))
            .has_value());
  };
  std::uint32_t times = 0;
  for (const char* host : {"169.254.169.254", "127.0.0.1", "::1", "0.0.0.0", "fe80::1", "100.100.100.200",
                           "localhost", "x.localhost", "fd00:ec2::254", "::ffff:10.0.0.1"}) {
    tried(host);
    ++times;
  }
  for (const char* host : {"10.0.0.1", "nas.lan", "1.1.1.1", "fd00::1"}) {
    tried(host);
    ++times;
  }
  EXPECT_EQ(monitor.calls.find(call)->egress_denied, times);
  const auto suggestions = [this] {
    return std::ranges::count_if(
        store.texts, [](const Statement& text) { return std::string_view(text.sql->name) == "put_denial"; });
  };
  EXPECT_EQ(suggestions(), 0);
  monitor.denials.write();
  EXPECT_EQ(suggestions(), 4);
  end_call(call);
}

TEST_F(NetworkTest, TheLogOfACallHasWhatEgressTellsAtItsEnd) {
  use = {.requests = 7, .denied = 3};
  const wire::Id call = running_call();
  ASSERT_TRUE(finish(on_report_denied(monitor, *root, {.grant = call, .host = "evil.example", .port = 443}))
                  .has_value());
  end_call(call);
  EXPECT_EQ(logged_use(), "7 3");
  EXPECT_EQ(closed, call);
  EXPECT_FALSE(monitor.egress.has(call));
  protocol::Metrics metrics;
  monitor.meters.write(metrics);
  std::map<std::string, std::uint64_t> verdicts;
  for (const protocol::MetricSample& sample : metrics.samples)
    if (sample.metric == protocol::Metric::kEgressRequests) verdicts[sample.label] = sample.value;
  EXPECT_EQ(verdicts, (std::map<std::string, std::uint64_t>{{"denied", 3}, {"made", 7}}));
}

TEST_F(NetworkTest, AStolenEgressTellsNoMoreThanACallCanHaveDone) {
  use = {.requests = 4'000'000'000, .denied = 4'000'000'000};
  end_call(running_call());
  EXPECT_EQ(logged_use(), "1000 1000000") << "the row must fit into the log";
}

TEST_F(NetworkTest, OfADeadEgressTheLogHasWhatWasReported) {
  const wire::Id call = running_call();
  ASSERT_TRUE(finish(on_report_denied(monitor, *root, {.grant = call, .host = "evil.example", .port = 443}))
                  .has_value());
  silent = true;
  finish_call();
  until([&] { return closed == call; });
  monitor.children.link_of(Role::kEgress)->close({Why::kBroken, "it died"});
  EXPECT_EQ(logged_use(), "0 1");
}

}  // namespace
}  // namespace mcpbox::monitor
