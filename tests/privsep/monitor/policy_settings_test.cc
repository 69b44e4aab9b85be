// Mirrors policy/settings.cc, privsep/monitor/policy_settings.cc, on_settings.cc and the settings of
// load_authority.cc.
#include "privsep/monitor/policy_settings.h"

#include "privsep/monitor/ids.h"
#include "privsep/monitor/seals.h"
#include "privsep/protocol/remote.h"
#include "tests/privsep/monitor/fixture.h"

namespace mcpbox::monitor {
namespace {

using policy::Setting;
using protocol::Role;
using protocol::State;

class SettingsTest : public MonitorTest {
 public:
  SettingsTest() {
    root->person = {.who = "root", .uid = 0};
    monitor.spare_patience_ms = 10;  // nobody is there to analyse anything
  }
  base::Result<protocol::SettingValues> change(Setting setting, const std::string& value) {
    return finish(on_change_setting(monitor, *root, {.setting = setting, .value = value}));
  }
  base::Result<protocol::SettingValues> apply(const std::string& profile) {
    return finish(on_apply_profile(monitor, *root, {.profile = profile}));
  }
  void stored(const std::string& key, const std::string& value, std::uint64_t sequence) {
    store.answers["load_settings"].rows.push_back(
        {key, value, std::to_string(sequence),
         std::string(view_of(seal_of_setting(keys, key, value, sequence)))});
  }
  void decided(const std::string& key, std::uint64_t sequence) {
    store.answers["last_decisions"].rows.push_back(
        {std::string(view_of(subject_of_setting(key))), kSettingAction, std::to_string(sequence)});
  }
  void load() { ASSERT_TRUE(finish(monitor.load()).has_value()); }

  // A ticket for a request that such a question belongs to, where there is one.
  wire::Id remote(protocol::Op op) {
    SignedRequest request{.verb = op == protocol::Op::kCloseSession        ? "DELETE"
                                  : op == protocol::Op::kListSubscriptions ? "GET"
                                                                           : "POST",
                          .method = "tools/call",
                          .name = "mcpbox_get_tool",
                          .good_until_ms = clock.t + 60'000};
    for (const protocol::RemoteUse& use : protocol::kRemoteUses) {
      if (use.op != op) continue;
      request.method = use.asks;
      request.name = use.tool;
      break;
    }
    return monitor.tickets.issue(gateway->instance,
                                 {.who = "remote:eve@example.com",
                                  .origin = Origin::kTunnel,
                                  .request = std::make_shared<const SignedRequest>(std::move(request))});
  }

  std::shared_ptr<Peer> root = peer(Role::kCtl, State::kDeciding);
  std::shared_ptr<Peer> gateway = peer(Role::kNetLocal, State::kServing);
};

TEST_F(SettingsTest, ANewInstallationIsStrict) {
  EXPECT_EQ(monitor.policy.profile(), "strict");
  EXPECT_FALSE(monitor.policy.approves_tools());
  EXPECT_FALSE(monitor.policy.approves_modules());
  EXPECT_FALSE(monitor.policy.all_public());
  EXPECT_FALSE(monitor.policy.remote_editing());
  EXPECT_TRUE(monitor.policy.redacts());
  EXPECT_EQ(monitor.policy.retention_days(), 30);
  EXPECT_EQ(monitor.policy.rate_limit_rpm(), 300);
  EXPECT_TRUE(monitor.policy.decides_in_ui());
}

TEST_F(SettingsTest, EveryAllowedValueIsTakenAndNoOther) {
  for (const policy::SettingRow& row : policy::settings()) {
    const std::string other = row.other.empty() ? std::to_string(row.most) : std::string(row.other);
    const auto changed = change(row.setting, other);
    ASSERT_TRUE(changed.has_value()) << row.key;
    EXPECT_EQ(monitor.policy.value(row.setting), other);
    for (const std::string& wrong :
         {std::string(), std::string("maybe"), std::to_string(row.least - 1), std::to_string(row.most + 1),
          std::string("+30"), std::string("030"), std::string("30 "), std::string("ENABLED")}) {
      const auto refused = change(row.setting, wrong);
      ASSERT_FALSE(refused.has_value()) << row.key << "=" << wrong;
      EXPECT_EQ(refused.error().why, base::Why::kInvalid);
    }
    EXPECT_EQ(monitor.policy.value(row.setting), other);
  }
  EXPECT_EQ(store.records.size(), policy::kSettingCount);
  EXPECT_EQ(store.records.front().payload, "remote_tool_editing=enabled");
}

TEST_F(SettingsTest, TheConfigurationsRateHoldsUntilAnAdministratorSetsOne) {
  settings.requests_per_minute = 77;
  ASSERT_TRUE(finish(monitor.load()).has_value());
  EXPECT_EQ(monitor.policy.rate_limit_rpm(), 77);
  const auto fresh = peer(Role::kNetLocal, State::kConnected);
  auto told = finish(on_hello(monitor, *fresh, {.layers = 1, .build = kVersion}));
  ASSERT_TRUE(told.has_value());
  EXPECT_EQ(told->requests_per_minute, 77u);
  ASSERT_TRUE(change(Setting::kMcpRateLimitRpm, "20").has_value());
  told = finish(on_hello(monitor, *fresh, {.layers = 1, .build = kVersion}));
  ASSERT_TRUE(told.has_value());
  EXPECT_EQ(told->requests_per_minute, 20u);
}

TEST_F(SettingsTest, AStoredRateCountsMoreThanTheConfigurations) {
  settings.requests_per_minute = 77;
  stored("mcp_rate_limit_rpm", "20", 4);
  decided("mcp_rate_limit_rpm", 4);
  load();
  EXPECT_EQ(monitor.policy.rate_limit_rpm(), 20);
}

TEST_F(SettingsTest, AProfileIsItsFiveValues) {
  for (const policy::ProfileRow& profile : policy::profiles()) {
    const auto applied = apply(std::string(profile.name));
    ASSERT_TRUE(applied.has_value());
    EXPECT_EQ(applied->profile, profile.name);
    for (const policy::ProfileValue& part : profile.values)
      EXPECT_EQ(monitor.policy.value(part.setting), part.value);
  }
  EXPECT_FALSE(apply("lax").has_value());
  ASSERT_TRUE(change(Setting::kRedactSecretsInOutput, "disabled").has_value());
  EXPECT_EQ(monitor.policy.profile(), "") << "no profile turns redaction off";
}

TEST_F(SettingsTest, AWeakerValueWaitsForTheDatabaseAndAStricterOneDoesNot) {
  store.broken = true;
  EXPECT_FALSE(change(Setting::kToolApprovalMode, "auto_approve").has_value());
  EXPECT_FALSE(monitor.policy.approves_tools());
  monitor.policy.set(Setting::kToolApprovalMode, "auto_approve");
  EXPECT_FALSE(change(Setting::kToolApprovalMode, "require_approval").has_value());
  EXPECT_FALSE(monitor.policy.approves_tools());
}

TEST_F(SettingsTest, StatusNamesEachWeakerValue) {
  ASSERT_TRUE(apply("permissive").has_value());
  const auto status = finish(on_get_status(monitor, *root, {}));
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->warnings.size(), 4U);
  EXPECT_NE(status->warnings[0].find("remote_tool_editing = enabled"), std::string::npos);
}

TEST_F(SettingsTest, TheToolPolicyApprovesForLocalCallersOnly) {
  const wire::Id local = ticket_for(gateway);
  ASSERT_TRUE(finish(on_request_publish(monitor, *gateway, {.ticket = local, .tool = tool_id})).has_value());
  EXPECT_FALSE(monitor.catalogue.published(tool())) << "the default is a person";
  monitor.policy.set(Setting::kToolApprovalMode, "auto_approve");
  EXPECT_FALSE(finish(on_request_publish(monitor, *gateway,
                                         {.ticket = remote(protocol::Op::kRequestPublish), .tool = tool_id}))
                   .has_value());
  EXPECT_FALSE(monitor.catalogue.published(tool()));
  const auto approved = finish(on_request_publish(monitor, *gateway, {.ticket = local, .tool = tool_id}));
  ASSERT_TRUE(approved.has_value());
  EXPECT_EQ(approved->approval, protocol::Approval::kApproved);
  EXPECT_TRUE(monitor.catalogue.published(tool()));
  EXPECT_EQ(tool().approved.at(digest_of_tool(tool())).by, "auto_approve");
  tool().code += " # changed";
  EXPECT_FALSE(monitor.catalogue.published(tool())) << "it binds the digest like any other approval";
}

// By the table of messages itself: a message that is added later is refused until somebody thinks about it.
TEST_F(SettingsTest, RemoteCallersReadCallAndAskUntilAnAdministratorAllowsMore) {
  const wire::Id local = ticket_for(gateway);
  int refused = 0;
  protocol::Protocol::each([&]<class Row>() {
    if constexpr (requires(typename Row::Request q) { q.ticket; }) {
      const wire::Id from_far = remote(Row::kOp);
      const bool may = monitor.may_ask(*gateway, from_far, Row::kOp).has_value();
      EXPECT_EQ(may, protocol::remote_always(Row::kOp)) << static_cast<int>(Row::kOp);
      EXPECT_TRUE(monitor.may_ask(*gateway, local, Row::kOp).has_value());
      refused += may ? 0 : 1;
    }
  });
  EXPECT_GE(refused, 7) << "servers, tools, drafts, secrets";
  monitor.policy.set(Setting::kRemoteToolEditing, "enabled");
  EXPECT_TRUE(
      monitor.may_ask(*gateway, remote(protocol::Op::kCreateTool), protocol::Op::kCreateTool).has_value());
}

TEST_F(SettingsTest, ARemoteCallersOrderIsRefusedBeforeItIsCarriedOut) {
  const protocol::CreateServer order{.ticket = remote(protocol::Op::kCreateServer), .name = "other"};
  EXPECT_EQ(send(gateway, order), Verdict::kAccepted) << "a refusal, not the end of the gateway";
  EXPECT_EQ(monitor.catalogue.find_server(std::string_view("other")), nullptr);
  EXPECT_TRUE(store.records.empty());
}

TEST_F(SettingsTest, ASealedSettingCounts) {
  stored("tool_approval_mode", "auto_approve", 4);
  decided("tool_approval_mode", 4);
  load();
  EXPECT_TRUE(monitor.policy.approves_tools());
  EXPECT_TRUE(monitor.warnings.empty());
}

TEST_F(SettingsTest, AForgedOrReplayedSettingLeavesTheStrictest) {
  stored("tool_approval_mode", "auto_approve", 4);
  decided("tool_approval_mode", 9);  // back to require_approval, since
  stored("network_access_policy", "require_approval", 5);
  store.answers["load_settings"].rows.back()[1] = "allow_all_public";
  decided("network_access_policy", 5);
  load();
  EXPECT_FALSE(monitor.policy.approves_tools());
  EXPECT_FALSE(monitor.policy.all_public());
  EXPECT_GE(monitor.warnings.size(), 2U);
}

TEST_F(SettingsTest, ADeletedDecisionDoesNotOpenTheUi) {
  decided("decide_from", 3);
  load();
  EXPECT_FALSE(monitor.policy.decides_in_ui());
  EXPECT_EQ(monitor.warnings.size(), 1U);
}

}  // namespace
}  // namespace mcpbox::monitor
