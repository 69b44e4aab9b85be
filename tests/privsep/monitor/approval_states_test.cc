// Mirrors policy/approvals.cc as the monitor enforces it: every row of the table, allowed and refused,
// through the answers of on_decisions.cc, on_tools.cc and on_rollback.cc; and what takes authority away.
#include "privsep/monitor/tools.h"
#include "tests/privsep/monitor/fixture.h"

namespace mcpbox::monitor {
namespace {

using policy::Step;
using protocol::Approval;
using protocol::Role;
using protocol::State;

class ApprovalStates : public MonitorTest {
 public:
  std::shared_ptr<Peer> root = peer(Role::kCtl, State::kDeciding);
  std::shared_ptr<Peer> gateway = peer(Role::kNetLocal, State::kServing);
  wire::Id ticket = ticket_for(gateway);
  ApprovalStates() {
    root->person = {.who = "root", .uid = 0};
    monitor.spare_patience_ms = 10;  // nobody is there to analyse anything
  }

  // The tool as it was in version 1, in the words of the database.
  void version_one(const Tool& was) {
    std::vector<std::optional<std::string>> row;
    for (const Param& param : content_params(was)) row.emplace_back(param.bytes);
    store.answers["load_version"].rows = {row};
  }

  void put_into(Approval state) {
    Tool& now = tool();
    now.approved.clear();
    now.version = 2;
    now.description = "as it is";
    now.approval = state;
    if (state == Approval::kApproved) now.approved[digest_of_tool(now)] = {.by = "root", .sequence = 1};
    monitor.catalogue.changed(now, now.name);
    Tool was = now;
    was.description = "as it was";
    version_one(was);
  }

  base::Result<p::ToolSaved> take(Step step) {
    const wire::Digest digest = digest_of_tool(tool());
    switch (step) {
      case Step::kRequest:
        return finish(on_request_publish(monitor, *gateway, {.ticket = ticket, .tool = tool_id}));
      case Step::kApprove:
        return finish(on_approve(monitor, *root, {.tool = tool_id, .digest = digest}));
      case Step::kReject:
        return finish(on_reject(monitor, *root, {.tool = tool_id, .digest = digest, .reason = "no"}));
      case Step::kRevoke:
        return finish(on_revoke(monitor, *root, {.tool = tool_id, .digest = digest}));
      case Step::kChange:
        return finish(on_update_tool(monitor, *gateway,
                                     {.ticket = ticket,
                                      .tool = tool_id,
                                      .given = bit(protocol::Field::kDescription),
                                      .content = {.description = "another"}}));
      case Step::kRestore: {
        Tool was = tool();
        was.description = "as it was";
        tool().approved[digest_of_tool(was)] = {.by = "root", .sequence = 1};
        return roll_back();
      }
    }
    return base::fail(base::Why::kBroken, "not reached");
  }
  base::Result<p::ToolSaved> roll_back() {
    return finish(on_rollback_tool(monitor, *gateway, {.ticket = ticket, .tool = tool_id, .version = 1}));
  }
};

TEST_F(ApprovalStates, AreWhatTheTableSaysAfterEveryStep) {
  for (const policy::Transition& row : policy::transitions()) {
    put_into(row.from);
    const std::size_t records = store.records.size();
    const base::Result<p::ToolSaved> done = take(row.step);
    const std::string what =
        std::string(status_text(row.from)) + ", step " + std::to_string(static_cast<int>(row.step));
    EXPECT_EQ(done.has_value(), row.to.has_value()) << what << ": " << (done ? "" : done.error().text);
    EXPECT_EQ(tool().approval, row.to.value_or(row.from)) << what;
    EXPECT_EQ(store.records.size(), records + (row.to ? 1 : 0)) << what << ": what happened is in the chain";
    EXPECT_EQ(monitor.catalogue.published(tool()), row.to.value_or(row.from) == Approval::kApproved) << what;
  }
}

TEST_F(ApprovalStates, ARollbackToWhatNobodyApprovedIsAChange) {
  for (const Approval from : policy::kApprovals) {
    put_into(from);
    ASSERT_TRUE(roll_back().has_value());
    EXPECT_EQ(tool().description, "as it was");
    EXPECT_EQ(tool().version, 3u);
    EXPECT_EQ(tool().approval, *policy::transition(from, Step::kChange).to);
    EXPECT_FALSE(monitor.catalogue.published(tool()));
  }
}

// No digest covers it: it must not come back unseen.
TEST_F(ApprovalStates, ARollbackBringsBackWhetherItWasEnabledAndSaysSo) {
  put_into(Approval::kApproved);
  tool().enabled = false;
  base::Result<p::ToolSaved> back = roll_back();
  ASSERT_TRUE(back.has_value());
  EXPECT_TRUE(back->enabled && tool().enabled);
  EXPECT_EQ(store.records.back().payload, "Rolled back to version 1; enabled");
  EXPECT_FALSE(monitor.catalogue.published(tool())) << "nobody approved what it was";

  put_into(Approval::kApproved);
  store.answers["load_version"].rows.front().at(14) = "f";
  back = roll_back();
  ASSERT_TRUE(back.has_value());
  EXPECT_FALSE(back->enabled || tool().enabled);
  EXPECT_EQ(store.records.back().payload, "Rolled back to version 1; disabled");
}

// Whoever writes to the database can change what a version was, not what was approved.
TEST_F(ApprovalStates, AVersionThatTheDatabaseChangedIsNotApproved) {
  put_into(Approval::kDraft);
  Tool was = tool();
  was.description = "as it was";
  tool().approved[digest_of_tool(was)] = {.by = "root", .sequence = 1};
  was.code += "# evil";
  version_one(was);
  ASSERT_TRUE(roll_back().has_value());
  EXPECT_EQ(tool().approval, Approval::kDraft);
  EXPECT_FALSE(monitor.catalogue.published(tool()));
}

TEST_F(ApprovalStates, ARevokedDigestIsNotComeBackTo) {
  put_into(Approval::kDraft);
  Tool was = tool();
  was.description = "as it was";
  const wire::Digest old = digest_of_tool(was);
  tool().approved[old] = {.by = "root", .sequence = 1};
  ASSERT_TRUE(finish(on_revoke(monitor, *root, {.tool = tool_id, .digest = old})).has_value());
  EXPECT_EQ(tool().approval, Approval::kDraft) << "what it is now was not what was revoked";
  EXPECT_EQ(store.records.back().action, std::string("revoke"));
  EXPECT_EQ(store.records.back().digest, old);
  ASSERT_TRUE(roll_back().has_value());
  EXPECT_FALSE(monitor.catalogue.published(tool()));
  EXPECT_FALSE(finish(on_revoke(monitor, *root, {.tool = tool_id, .digest = old})).has_value());
}

TEST_F(ApprovalStates, ARollbackFromATerminalNeedsTheRightToDecide) {
  put_into(Approval::kDraft);
  const auto person = peer(Role::kCtl, State::kServing);
  EXPECT_FALSE(finish(on_rollback_tool(monitor, *person, {.tool = tool_id, .version = 1})).has_value());
  EXPECT_EQ(tool().version, 2u);
  ASSERT_TRUE(finish(on_rollback_tool(monitor, *root, {.tool = tool_id, .version = 1})).has_value());
  EXPECT_EQ(tool().version, 3u);
  EXPECT_EQ(store.records.back().actor, "root");
}

TEST_F(ApprovalStates, ARevocationWorksWhileAChangeIsBeingSaved) {
  put_into(Approval::kApproved);
  const SavingMark mark(monitor.catalogue, tool_id);
  EXPECT_TRUE(take(Step::kRevoke).has_value());
  EXPECT_FALSE(monitor.catalogue.published(tool()));
}

TEST_F(ApprovalStates, ARevocationThatCannotBeWrittenIsSaidAndCanBeRepeated) {
  put_into(Approval::kApproved);
  store.broken = true;
  EXPECT_FALSE(take(Step::kRevoke).has_value());
  store.broken = false;
  EXPECT_TRUE(take(Step::kRevoke).has_value());
}

TEST_F(ApprovalStates, ARollbackNeedsAVersionThatIsThereAndNotTheCurrentOne) {
  put_into(Approval::kDraft);
  for (const std::uint32_t version : {0u, 2u, 3u, 4'000'000'000u})
    EXPECT_FALSE(
        finish(on_rollback_tool(monitor, *gateway, {.ticket = ticket, .tool = tool_id, .version = version}))
            .has_value())
        << version;
  store.answers["load_version"].rows.clear();
  EXPECT_FALSE(roll_back().has_value());
  EXPECT_EQ(tool().version, 2u);
}

TEST_F(ApprovalStates, ADeletedToolIsGoneAndItsRecordStays) {
  put_into(Approval::kApproved);
  ASSERT_TRUE(finish(on_delete_tool(monitor, *gateway, {.ticket = ticket, .tool = tool_id})).has_value());
  EXPECT_EQ(monitor.catalogue.find_tool(tool_id), nullptr);
  EXPECT_EQ(monitor.catalogue.find_tool("srv__greet"), nullptr);
  EXPECT_EQ(store.records.back().action, std::string("delete_tool"));
  EXPECT_FALSE(finish(on_delete_tool(monitor, *gateway, {.ticket = ticket, .tool = tool_id})).has_value());
}

TEST_F(ApprovalStates, WhatCannotBeDeletedStaysAsItWas) {
  put_into(Approval::kApproved);
  store.broken = true;
  EXPECT_FALSE(finish(on_delete_tool(monitor, *gateway, {.ticket = ticket, .tool = tool_id})).has_value());
  EXPECT_FALSE(
      finish(on_delete_server(monitor, *gateway, {.ticket = ticket, .server = server_id})).has_value());
  EXPECT_TRUE(monitor.catalogue.published(tool()));
}

TEST_F(ApprovalStates, ADeletedServerTakesItsToolsWithIt) {
  put_into(Approval::kApproved);
  monitor.grants.put(
      {.id = {1}, .state = protocol::GrantState::kApproved, .server = server_id, .name = "a.example"});
  monitor.grants.put({.id = {2}, .server = {9}, .name = "b.example"});
  monitor.secrets.put({.id = {3}, .server = server_id, .key = "KEY"});
  ASSERT_TRUE(finish(on_remove(monitor, *root, {.what = "srv"})).has_value());
  EXPECT_EQ(monitor.grants.find(wire::Id{1}), nullptr);
  EXPECT_NE(monitor.grants.find(wire::Id{2}), nullptr) << "that one is another server's";
  EXPECT_TRUE(monitor.secrets.of_server(server_id).empty());
  EXPECT_TRUE(monitor.catalogue.servers().empty());
  EXPECT_TRUE(monitor.catalogue.tools().empty());
  EXPECT_EQ(monitor.catalogue.find_tool("srv__greet"), nullptr);
  EXPECT_FALSE(finish(on_remove(monitor, *root, {.what = "srv"})).has_value());
}

TEST_F(ApprovalStates, ARenamedServersToolsHaveItsNewName) {
  put_into(Approval::kApproved);
  monitor.catalogue.put(Server{.id = {9}, .name = "taken"});
  for (const char* wrong : {"taken", "mcpbox", "mcpbox_x", "a__b", ""}) {
    p::ChangeServer order{.server = "srv", .name = wrong};
    EXPECT_FALSE(finish(on_change_server(monitor, *root, order)).has_value()) << wrong;
  }
  p::ChangeServer order{.server = "srv", .name = "other", .default_timeout_ms = 5'000};
  ASSERT_TRUE(finish(on_change_server(monitor, *root, order)).has_value());
  EXPECT_EQ(monitor.catalogue.find_tool("srv__greet"), nullptr);
  EXPECT_EQ(monitor.catalogue.find_tool("other__greet"), &tool());
  EXPECT_TRUE(monitor.catalogue.published(tool())) << "a server's name is in no digest";
  EXPECT_EQ(monitor.catalogue.find_server(server_id)->default_timeout_ms, 5'000u);
  order = {.server = "other", .default_timeout_ms = 999};
  EXPECT_FALSE(finish(on_change_server(monitor, *root, order)).has_value());
}

}  // namespace
}  // namespace mcpbox::monitor
