// Mirrors privsep/monitor/on_audit.cc: who may ask for a pruning, and what is recorded.  On a real database:
// audit_retention_test.cc.
#include "tests/privsep/monitor/fixture.h"

namespace mcpbox::monitor {
namespace {

constexpr std::int64_t kDay = 86'400'000;

class RetentionTest : public MonitorTest {
 protected:
  void SetUp() override { clock.t = 100 * kDay; }
  base::Result<p::AuditPruned> ask(std::int64_t before_ms) {
    const auto root = peer(protocol::Role::kCtl, protocol::State::kDeciding);
    root->person.who = "root";
    return finish(on_prune_audit(monitor, *root, {.before_ms = before_ms}));
  }
};

TEST_F(RetentionTest, WhoAskedAndForWhatIsRecorded) {
  const auto pruned = ask(7 * kDay);
  ASSERT_TRUE(pruned.has_value()) << pruned.error().text;
  EXPECT_EQ(pruned->first, 1U) << "there is no sealed segment";
  ASSERT_EQ(store.records.size(), 1U);
  EXPECT_EQ(store.records[0].action, "audit_prune");
  EXPECT_EQ(store.records[0].kind, AuditKind::kDecision);
  EXPECT_EQ(store.records[0].actor, "root");
  EXPECT_EQ(store.records[0].payload, "before " + std::to_string(7 * kDay));
}

TEST_F(RetentionTest, WithoutAMomentTheSettingDecides) {
  ASSERT_TRUE(ask(0).has_value());
  EXPECT_EQ(store.records.at(0).payload, "before " + std::to_string(70 * kDay));
  monitor.policy.set(policy::Setting::kLogRetentionDays, "7");
  ASSERT_TRUE(ask(0).has_value());
  EXPECT_EQ(store.records.at(1).payload, "before " + std::to_string(93 * kDay));
}

TEST_F(RetentionTest, AMomentThatIsNotInThePastIsRefused) {
  for (const std::int64_t moment : {clock.t + 1, std::int64_t{-1}})
    EXPECT_EQ(ask(moment).error().why, base::Why::kInvalid);
  EXPECT_TRUE(store.records.empty());
}

TEST_F(RetentionTest, WhatCannotBeRecordedIsNotDecided) {
  store.broken = true;
  EXPECT_FALSE(ask(1).has_value());
  store.broken = false;
  EXPECT_TRUE(ask(1).has_value());
}

TEST_F(RetentionTest, OnlyAPersonAtATerminalWhoMayDecidePrunes) {
  using enum protocol::Role;
  const p::PruneAudit question{.before_ms = 1};
  EXPECT_EQ(send(peer(kCtl, protocol::State::kServing), question), Verdict::kKillPeer);
  for (const protocol::Role role : {kNetLocal, kAdmin, kZygote, kEgress, kDialer, kCall})
    EXPECT_EQ(send(peer(role, protocol::State::kServing), question), Verdict::kKillPeer);
  EXPECT_TRUE(store.records.empty());
  EXPECT_EQ(send(peer(kCtl, protocol::State::kDeciding), question), Verdict::kAccepted);
  until([this] { return store.records.size() == 1; });
}

TEST_F(RetentionTest, AFreezeActsAndIsRecordedWhenTheDatabaseIsBack) {
  store.broken = true;
  const auto root = peer(protocol::Role::kCtl, protocol::State::kDeciding);
  root->person.who = "root";
  EXPECT_TRUE(finish(on_freeze(monitor, *root, {.reason = "now"})).has_value());
  EXPECT_TRUE(monitor.frozen);
  EXPECT_TRUE(store.records.empty());
  store.broken = false;
  until([this] { return !store.records.empty(); });
  EXPECT_EQ(store.records.at(0).action, "freeze");
  EXPECT_EQ(store.records.at(0).actor, "root");
  EXPECT_EQ(store.records.at(0).payload, "now");
}

TEST_F(RetentionTest, TheAdminProcessGetsNumbersWithoutASession) {
  EXPECT_EQ(send(peer(protocol::Role::kAdmin, protocol::State::kServing), p::GetMetrics{}),
            Verdict::kAccepted);
  EXPECT_EQ(send(peer(protocol::Role::kNetLocal, protocol::State::kServing), p::GetMetrics{}),
            Verdict::kKillPeer);
}

}  // namespace
}  // namespace mcpbox::monitor
