// Mirrors privsep/monitor/on_decisions.cc, on_tools.cc (approval) and on_control.cc (freeze).
#include "tests/privsep/monitor/fixture.h"

namespace mcpbox::monitor {
namespace {

using protocol::Approval;
using protocol::Role;
using protocol::State;

class DecisionTest : public MonitorTest {
 public:
  std::shared_ptr<Peer> root = peer(Role::kCtl, State::kDeciding);
  std::shared_ptr<Peer> gateway = peer(Role::kNetLocal, State::kServing);
  DecisionTest() {
    root->person = {.who = "root", .uid = 0};
    monitor.spare_patience_ms = 10;  // nobody is there to analyse anything
  }
};

TEST_F(DecisionTest, AnApprovalBindsTheDigestThatWasShown) {
  const wire::Digest shown = digest_of_tool(tool());
  EXPECT_TRUE(finish(on_approve(monitor, *root, {.tool = tool_id, .digest = shown})).has_value());
  EXPECT_TRUE(monitor.catalogue.published(tool()));
  EXPECT_EQ(store.count(AuditKind::kDecision), 1u);
}

TEST_F(DecisionTest, AStaleDigestIsRefused) {
  const wire::Digest shown = digest_of_tool(tool());
  tool().code += " # changed";
  const auto answer = finish(on_approve(monitor, *root, {.tool = tool_id, .digest = shown}));
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().why, base::Why::kConflict);
  EXPECT_FALSE(monitor.catalogue.published(tool()));
}

TEST_F(DecisionTest, AnApprovalKeepsWhatTheToolCouldReach) {
  monitor.grants.put(
      {.id = {7}, .state = protocol::GrantState::kApproved, .server = server_id, .name = "a.example"});
  const auto shown = finish(on_show_tool(monitor, *root, {.tool = "srv__greet"}));
  ASSERT_TRUE(shown.has_value());
  EXPECT_EQ(shown->capabilities, "host a.example, any port\n");
  EXPECT_FALSE(shown->capabilities_before.has_value());
  p::Approve yes{.tool = tool_id, .digest = shown->digest};
  yes.seen.emplace(shown->capabilities_digest);
  ASSERT_TRUE(finish(on_approve(monitor, *root, yes)).has_value());
  EXPECT_EQ(tool().approved.at(shown->digest).capabilities, "host a.example, any port\n");
  monitor.grants.put(
      {.id = {8}, .state = protocol::GrantState::kApproved, .server = server_id, .name = "b.example"});
  const auto again = finish(on_show_tool(monitor, *root, {.tool = "srv__greet"}));
  ASSERT_TRUE(again && again->capabilities_before);
  EXPECT_EQ(*again->capabilities_before, "host a.example, any port\n");
  EXPECT_EQ(again->capabilities, "host a.example, any port\nhost b.example, any port\n");
}

TEST_F(DecisionTest, WhatItMayReachIsWhatWasShownOrNothingIsApproved) {
  const auto shown = finish(on_show_tool(monitor, *root, {.tool = "srv__greet"}));
  ASSERT_TRUE(shown.has_value());
  monitor.grants.put(
      {.id = {7}, .state = protocol::GrantState::kApproved, .server = server_id, .name = "a.example"});
  p::Approve yes{.tool = tool_id, .digest = shown->digest};
  yes.seen.emplace(shown->capabilities_digest);
  const auto answer = finish(on_approve(monitor, *root, yes));
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().why, base::Why::kConflict);
  EXPECT_FALSE(monitor.catalogue.published(tool()));
}

TEST_F(DecisionTest, WithoutADatabaseNothingIsApproved) {
  store.broken = true;
  EXPECT_FALSE(
      finish(on_approve(monitor, *root, {.tool = tool_id, .digest = digest_of_tool(tool())})).has_value());
  EXPECT_FALSE(monitor.catalogue.published(tool()));
  EXPECT_FALSE(tool().saving);
}

TEST_F(DecisionTest, ARejectionNeedsAReasonAndAPendingTool) {
  const wire::Digest shown = digest_of_tool(tool());
  EXPECT_FALSE(
      finish(on_reject(monitor, *root, {.tool = tool_id, .digest = shown, .reason = "no"})).has_value());
  tool().approval = Approval::kPendingReview;
  EXPECT_FALSE(
      finish(on_reject(monitor, *root, {.tool = tool_id, .digest = shown, .reason = ""})).has_value());
  EXPECT_TRUE(
      finish(on_reject(monitor, *root, {.tool = tool_id, .digest = shown, .reason = "no"})).has_value());
  EXPECT_EQ(tool().approval, Approval::kRejected);
}

using protocol::Field;

// What a change of this one field is asked with.
protocol::UpdateTool change_of(const wire::Id& ticket, const wire::Id& tool, Field field) {
  return {.ticket = ticket,
          .tool = tool,
          .given = bit(field),
          .content = {.name = "other",
                      .description = "other",
                      .annotations = R"({"title":"x"})",
                      .icons = "[]",
                      .headers = "{}",
                      .timeout_ms = 5'000}};
}

TEST_F(DecisionTest, ChangingAnyFieldOfTheAuthorTakesTheApprovalAway) {
  const wire::Id ticket = ticket_for(gateway);
  for (const Field field : {Field::kName, Field::kDescription, Field::kAnnotations, Field::kIcons,
                            Field::kHeaders, Field::kTimeout}) {
    approve_tool();
    ASSERT_TRUE(monitor.catalogue.published(tool()));
    const auto done = finish(on_update_tool(monitor, *gateway, change_of(ticket, tool_id, field)));
    ASSERT_TRUE(done.has_value()) << done.error().text;
    EXPECT_FALSE(monitor.catalogue.published(tool())) << static_cast<int>(field);
    EXPECT_EQ(tool().approval, Approval::kPendingReview);
  }
}

TEST_F(DecisionTest, AToolCannotBecomeAnotherKind) {
  const auto done =
      finish(on_update_tool(monitor, *gateway, change_of(ticket_for(gateway), tool_id, Field::kKind)));
  ASSERT_FALSE(done.has_value());
  EXPECT_EQ(done.error().why, base::Why::kInvalid);
}

TEST_F(DecisionTest, WhatDoesNotGoWithTheKindIsRefused) {
  const wire::Id ticket = ticket_for(gateway);
  protocol::UpdateTool change = change_of(ticket, tool_id, Field::kUriTemplate);
  change.content.uri_template = "notes://today";
  EXPECT_FALSE(finish(on_update_tool(monitor, *gateway, change)).has_value());
  tool().kind = protocol::Kind::kResource;
  EXPECT_TRUE(finish(on_update_tool(monitor, *gateway, change)).has_value());
  change.content.uri_template = "notes://{day}";
  EXPECT_FALSE(finish(on_update_tool(monitor, *gateway, change)).has_value());
  tool().kind = protocol::Kind::kResourceTemplate;
  EXPECT_TRUE(finish(on_update_tool(monitor, *gateway, change)).has_value());
  EXPECT_FALSE(
      finish(on_update_tool(monitor, *gateway, change_of(ticket, tool_id, Field::kHeaders))).has_value());
}

TEST_F(DecisionTest, ARenamedToolIsFoundUnderItsNewNameOnly) {
  ASSERT_TRUE(finish(on_update_tool(monitor, *gateway, change_of(ticket_for(gateway), tool_id, Field::kName)))
                  .has_value());
  EXPECT_EQ(monitor.catalogue.find_tool("srv__greet"), nullptr);
  EXPECT_NE(monitor.catalogue.find_tool("srv__other"), nullptr);
}

TEST_F(DecisionTest, AChangeThatCannotBeSavedLeavesTheToolAsItWas) {
  approve_tool();
  store.broken = true;
  EXPECT_FALSE(
      finish(on_update_tool(monitor, *gateway, change_of(ticket_for(gateway), tool_id, Field::kDescription)))
          .has_value());
  EXPECT_TRUE(monitor.catalogue.published(tool()));
}

TEST_F(DecisionTest, DisablingKeepsTheApproval) {
  approve_tool();
  const wire::Id ticket = ticket_for(gateway);
  ASSERT_TRUE(finish(on_update_tool(monitor, *gateway, {.ticket = ticket, .tool = tool_id, .enabled = false}))
                  .has_value());
  EXPECT_FALSE(monitor.catalogue.published(tool()));
  ASSERT_TRUE(finish(on_update_tool(monitor, *gateway, {.ticket = ticket, .tool = tool_id, .enabled = true}))
                  .has_value());
  EXPECT_TRUE(monitor.catalogue.published(tool()));
}

TEST_F(DecisionTest, AChangedRejectedToolBecomesADraft) {
  tool().approval = Approval::kRejected;
  ASSERT_TRUE(
      finish(on_update_tool(monitor, *gateway, change_of(ticket_for(gateway), tool_id, Field::kDescription)))
          .has_value());
  EXPECT_EQ(tool().approval, Approval::kDraft);
}

TEST_F(DecisionTest, AFreezeActsEvenWhenItCannotBeWritten) {
  store.broken = true;
  EXPECT_TRUE(finish(on_freeze(monitor, *root, {.reason = "incident"})).has_value()) << "recorded later";
  EXPECT_TRUE(monitor.frozen);
  EXPECT_FALSE(finish(on_thaw(monitor, *root, {})).has_value());
  EXPECT_TRUE(monitor.frozen) << "a thaw gives authority, so it waits for the database";
}

}  // namespace
}  // namespace mcpbox::monitor
