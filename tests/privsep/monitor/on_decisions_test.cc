// Mirrors privsep/monitor/on_decisions.cc, on_tools.cc (approval), on_control.cc (freeze) and load.cc
// (seals).
#include "privsep/monitor/ids.h"
#include "privsep/monitor/seals.h"
#include "privsep/monitor/sql.h"
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
  DecisionTest() { root->person = {.who = "root", .uid = 0}; }
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

// --- what the start believes
// --------------------------------------------------------------------------------

class LoadTest : public DecisionTest {
 public:
  std::vector<std::optional<std::string>> approval_row(
      std::uint64_t sequence, const Keys& sealed_with,
      const std::optional<std::string>& capabilities = std::nullopt) {
    const wire::Digest digest = digest_of_tool(tool());
    const ApprovalSeal row{.tool = tool_id,
                           .digest = digest,
                           .state = "approved",
                           .by = "root",
                           .at_ms = 5,
                           .sequence = sequence,
                           .capabilities = capabilities,
                           .server = server_id};
    const wire::Digest seal = seal_of_approval(sealed_with, row);
    return {std::string(16, 'a'),
            std::string(view_of(tool_id)),
            std::string(view_of(digest)),
            "approved",
            "root",
            std::nullopt,
            std::to_string(sequence),
            "5",
            std::string(view_of(seal)),
            capabilities};
  }
  void load() {
    tool().approval = Approval::kApproved;  // as a database owner can write it
    ASSERT_TRUE(finish(monitor.load()).has_value());
  }
};

TEST_F(LoadTest, ASealedApprovalCounts) {
  store.answers["load_approvals"].rows = {approval_row(3, keys)};
  load();
  EXPECT_TRUE(monitor.catalogue.published(tool()));
  EXPECT_TRUE(monitor.warnings.empty());
}

TEST_F(LoadTest, AnApprovalWithoutOurSealIsIgnoredAndReported) {
  auto row = approval_row(3, keys);
  row[2] = std::string(32, 'd');  // another digest under the old seal
  store.answers["load_approvals"].rows = {row};
  load();
  EXPECT_FALSE(monitor.catalogue.published(tool()));
  EXPECT_EQ(monitor.warnings.size(), 1u);
}

TEST_F(LoadTest, WhatAToolCouldReachWhenItWasApprovedIsUnderTheSeal) {
  store.answers["load_approvals"].rows = {approval_row(3, keys, "module yaml\n")};
  load();
  EXPECT_EQ(tool().approved.at(digest_of_tool(tool())).capabilities, "module yaml\n");
  for (const std::optional<std::string>& other :
       {std::optional<std::string>("module json\n"), std::optional<std::string>()}) {
    auto row = approval_row(3, keys, "module yaml\n");
    row[9] = other;
    tool().approved.clear();
    store.answers["load_approvals"].rows = {row};
    monitor.warnings.clear();
    load();
    EXPECT_TRUE(tool().approved.empty());
    EXPECT_EQ(monitor.warnings.size(), 1U);
  }
}

TEST_F(LoadTest, AToolThatWasPutIntoAnotherServerIsNotApprovedThere) {
  store.answers["load_approvals"].rows = {approval_row(3, keys, "")};
  monitor.catalogue.put(Server{.id = {9}, .name = "rich", .running = true});
  Tool moved = tool();
  moved.server = {9};
  monitor.catalogue.put(std::move(moved));
  load();
  EXPECT_TRUE(tool().approved.empty());
  EXPECT_EQ(monitor.warnings.size(), 1U);
}

TEST_F(LoadTest, AToolThatIsOnlyCalledApprovedIsReported) {
  load();
  EXPECT_FALSE(monitor.catalogue.published(tool()));
  ASSERT_EQ(monitor.warnings.size(), 1U);
  EXPECT_TRUE(monitor.warnings[0].contains("srv__greet")) << monitor.warnings[0];
}

TEST_F(LoadTest, OnlyTheChainKnowsWhichServersRun) {
  const auto row = [](unsigned char id, const char* name) {
    return std::vector<std::optional<std::string>>{
        std::string(16, static_cast<char>(id)), name, "", "running", std::nullopt, "0"};
  };
  store.answers["load_approvals"].rows = {approval_row(3, keys)};
  store.answers["load_servers"].rows = {row('a', "never"), row('b', "stopped"), row('c', "started")};
  store.answers["last_decisions"].rows = {{std::string(16, 'b'), "start_server", "4"},
                                          {std::string(16, 'b'), "stop_server", "5"},
                                          {std::string(16, 'c'), "start_server", "8"},
                                          {std::string(16, 'c'), "stop_server", "7"}};
  load();
  for (const char* name : {"never", "stopped", "started"})
    EXPECT_EQ(monitor.catalogue.find_server(std::string_view(name))->running,
              name == std::string_view("started"))
        << name;
  EXPECT_EQ(monitor.warnings.size(), 2U);
}

TEST_F(LoadTest, AReplayedApprovalIsIgnoredAndReported) {
  store.answers["load_approvals"].rows = {approval_row(3, keys)};
  store.answers["last_tool_decisions"].rows = {
      {std::string(view_of(tool_id)), std::string(view_of(digest_of_tool(tool()))), "9"}};
  load();
  EXPECT_FALSE(monitor.catalogue.published(tool()));
  EXPECT_EQ(monitor.warnings.size(), 1u);
}

TEST_F(LoadTest, AFreezeWhoseRowWasDeletedStillHolds) {
  store.answers["last_decisions"].rows = {{std::string(16, '\0'), "freeze", "9"},
                                          {std::string(16, '\0'), "thaw", "4"}};
  load();
  EXPECT_TRUE(monitor.frozen);
}

TEST_F(LoadTest, AForgedAdminIsIgnored) {
  store.answers["load_approvals"].rows = {approval_row(3, keys)};
  store.answers["load_admins"].rows = {{"mallory", "$argon2id$", "1", std::string(32, 's')}};
  load();
  EXPECT_TRUE(monitor.admins.empty());
  EXPECT_EQ(monitor.warnings.size(), 1u);
}

}  // namespace
}  // namespace mcpbox::monitor
