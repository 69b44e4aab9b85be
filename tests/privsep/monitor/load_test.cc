// Mirrors privsep/monitor/load.cc: what the start believes of what the database says.
#include <optional>
#include <string>
#include <vector>

#include "privsep/monitor/ids.h"
#include "privsep/monitor/seals.h"
#include "tests/privsep/monitor/fixture.h"

namespace mcpbox::monitor {
namespace {

using protocol::Approval;

class LoadTest : public MonitorTest {
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
  store.answers["load_servers"].rows = {row('a', "never"), row('b', "stopped"), row('c', "started"),
                                        row('d', "deleted")};
  store.answers["last_decisions"].rows = {
      {std::string(16, 'b'), "start_server", "4"}, {std::string(16, 'b'), "stop_server", "5"},
      {std::string(16, 'c'), "start_server", "8"}, {std::string(16, 'c'), "stop_server", "7"},
      {std::string(16, 'd'), "start_server", "4"}, {std::string(16, 'd'), "delete_server", "5"}};
  load();
  for (const char* name : {"never", "stopped", "started", "deleted"})
    EXPECT_EQ(monitor.catalogue.find_server(std::string_view(name))->running,
              name == std::string_view("started"))
        << name;
  EXPECT_EQ(monitor.warnings.size(), 3U);
}

TEST_F(LoadTest, AReplayedApprovalIsIgnoredAndReported) {
  store.answers["load_approvals"].rows = {approval_row(3, keys)};
  store.answers["last_tool_decisions"].rows = {
      {std::string(view_of(tool_id)), std::string(view_of(digest_of_tool(tool()))), "9"}};
  load();
  EXPECT_FALSE(monitor.catalogue.published(tool()));
  EXPECT_EQ(monitor.warnings.size(), 1u);
}

// Its row and the approval, under a good seal, as the database's owner can put them back.
TEST_F(LoadTest, AToolThatWasDeletedAndIsBroughtBackIsNotApproved) {
  store.answers["load_approvals"].rows = {approval_row(3, keys)};
  for (const auto& [id, action] :
       {std::pair(tool_id, "delete_tool"), std::pair(server_id, "delete_server")}) {
    tool().approved.clear();
    monitor.warnings.clear();
    store.answers["last_decisions"].rows = {{std::string(view_of(id)), action, "4"}};
    load();
    EXPECT_FALSE(monitor.catalogue.published(tool())) << action;
    ASSERT_EQ(monitor.warnings.size(), 1U) << action;
    EXPECT_TRUE(monitor.warnings[0].contains("srv__greet is ignored")) << monitor.warnings[0];
  }
}

TEST_F(LoadTest, AFreezeWhoseRowWasDeletedStillHolds) {
  store.answers["last_decisions"].rows = {{std::string(16, '\0'), "freeze", "9"},
                                          {std::string(16, '\0'), "thaw", "4"}};
  load();
  EXPECT_TRUE(monitor.frozen);
}

// Whoever took one decision out of the database could have taken any.
TEST_F(LoadTest, WhereDecisionsWereLostNothingOfBeforeCounts) {
  store.first_trusted = 10;
  monitor.catalogue.put(Server{.id = {'c'}, .name = "old"});
  store.answers["load_servers"].rows = {{std::string(16, 'c'), "started", "", "running", std::nullopt, "0"}};
  store.answers["last_decisions"].rows = {{std::string(16, 'c'), "start_server", "8"}};
  store.answers["load_approvals"].rows = {approval_row(9, keys)};
  store.answers["load_admins"].rows = {
      {"alice", "$argon2id$", "9", std::string(view_of(seal_of_admin(keys, "alice", "$argon2id$", 9)))}};
  load();
  EXPECT_FALSE(monitor.catalogue.published(tool()));
  EXPECT_FALSE(monitor.catalogue.find_server(std::string_view("started"))->running);
  EXPECT_TRUE(monitor.admins.empty());
  EXPECT_TRUE(monitor.frozen);
  for (const policy::SettingRow& setting : policy::settings())
    EXPECT_EQ(monitor.policy.value(setting.setting), setting.strictest) << setting.key;
  ASSERT_EQ(monitor.warnings.size(), 1U) << "one sentence for all";
  EXPECT_TRUE(monitor.warnings[0].contains("none before audit record 10 counts")) << monitor.warnings[0];
}

TEST_F(LoadTest, WhatWasDecidedAfterThatCounts) {
  store.first_trusted = 10;
  store.answers["last_decisions"].rows = {{std::string(16, '\0'), "thaw", "11"}};
  store.answers["load_approvals"].rows = {approval_row(10, keys)};
  store.answers["load_admins"].rows = {
      {"alice", "$argon2id$", "12", std::string(view_of(seal_of_admin(keys, "alice", "$argon2id$", 12)))}};
  load();
  EXPECT_TRUE(monitor.catalogue.published(tool()));
  EXPECT_TRUE(monitor.admins.contains("alice"));
  EXPECT_FALSE(monitor.frozen);
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
