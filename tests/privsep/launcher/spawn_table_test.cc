// mirrors privsep/launcher/spawn_table.cc
#include "privsep/launcher/spawn_table.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "privsep/jail/spawn_side.h"

namespace mcpbox::launcher {
namespace {

using protocol::Role;

TEST(SpawnTable, EveryPartHasAUserOfItsOwn) {
  std::set<uid_t> ids = {0, kMigrateId};
  std::set<std::string> accounts = {"root", kDatabaseAccount, kMigrateAccount};
  for (const SpawnRow& row : spawn_table()) {
    if (row.role == Role::kAttack) continue;  // the zygote's: see below
    EXPECT_TRUE(ids.insert(row.fixed_id).second) << row.account;
    EXPECT_TRUE(accounts.insert(row.account).second) << row.account;
  }
}

TEST(SpawnTable, TheMonitorCannotAskForAnotherMonitor) {
  EXPECT_EQ(find_row(set_of(Role::kMonitor)), nullptr);
}

TEST(SpawnTable, WhatIsNotARowCannotBeAskedFor) {
  for (const std::uint32_t role : {0u, set_of(Role::kCall), set_of(Role::kCtl), ~0u, 1u << 31})
    EXPECT_EQ(find_row(role), nullptr) << role;
}

TEST(SpawnTable, TwoRolesAtOnceAreNoRole) { EXPECT_EQ(find_row(Role::kNetLocal | Role::kZygote), nullptr); }

TEST(SpawnTable, EachRoleHasItsBinary) {
  ASSERT_NE(find_row(set_of(Role::kNetLocal)), nullptr);
  EXPECT_STREQ(find_row(set_of(Role::kNetLocal))->binary, "mcpbox-gateway");
  EXPECT_STREQ(find_row(set_of(Role::kZygote))->binary, "mcpbox-executor");
  EXPECT_STREQ(find_row(set_of(Role::kPassword))->binary, "mcpbox-password");
  EXPECT_STREQ(find_row(set_of(Role::kEgress))->binary, "mcpbox-egress");
  EXPECT_STREQ(find_row(set_of(Role::kDialer))->binary, "mcpbox-dialer");
}

TEST(SpawnTable, BinariesAreNamesNotPaths) {
  for (const SpawnRow& row : spawn_table()) EXPECT_EQ(std::string(row.binary).find('/'), std::string::npos);
}

TEST(SpawnTable, EveryChildButTheMonitorHasNamespacesAndNoPowerOutsideThem) {
  for (const SpawnRow& row : spawn_table()) {
    const std::uint64_t flags = jail::namespaces_for(row.layers);
    const bool monitor = row.role == Role::kMonitor;
    EXPECT_EQ((flags & CLONE_NEWUSER) == 0, monitor) << row.binary;
    EXPECT_EQ((flags & CLONE_NEWNET) == 0, monitor || row.role == Role::kDialer) << row.binary;
    EXPECT_EQ(row.power == Power::kKillOnly, monitor) << row.binary;
  }
}

TEST(SpawnTable, LetsTheZygoteGoFirstAndTheMonitorLastWhenMemoryRunsOut) {
  const int zygote = find_row(set_of(Role::kZygote))->oom_score_adj;
  for (const SpawnRow& row : spawn_table()) {
    EXPECT_LE(row.oom_score_adj, zygote) << row.binary;
    EXPECT_GE(row.oom_score_adj, spawn_table().front().oom_score_adj) << row.binary;
  }
  EXPECT_LT(spawn_table().front().oom_score_adj, 0);
}

TEST(SpawnTable, OnlyThoseThatForkHaveProcessNumbersOfTheirOwn) {
  for (const SpawnRow& row : spawn_table())
    EXPECT_EQ((jail::namespaces_for(row.layers) & CLONE_NEWPID) != 0,
              row.role == Role::kZygote || row.role == Role::kAttack || row.role == Role::kDialer)
        << row.binary;
}

// An attack on another jail than the one that tools run in would prove nothing.
TEST(SpawnTable, TheAttackerIsStartedAsAZygoteIs) {
  const SpawnRow* zygote = find_row(set_of(Role::kZygote));
  const SpawnRow* attack = find_row(set_of(Role::kAttack));
  ASSERT_TRUE(zygote != nullptr && attack != nullptr);
  EXPECT_STREQ(attack->binary, zygote->binary);
  EXPECT_STREQ(attack->account, zygote->account);
  EXPECT_EQ(attack->fixed_id, zygote->fixed_id);
  EXPECT_EQ(attack->layers, zygote->layers);
  EXPECT_EQ(attack->power, zygote->power);
  EXPECT_EQ(attack->listeners, zygote->listeners);
  EXPECT_EQ(jail::namespaces_for(attack->layers), jail::namespaces_for(zygote->layers));
}

TEST(SpawnTable, GatewayAndAdminGetTheirOwnListenersAndNobodyElseGetsAny) {
  for (const SpawnRow& row : spawn_table()) {
    EXPECT_EQ(row.listeners == Listeners::kMcp, row.role == Role::kNetLocal) << row.binary;
    EXPECT_EQ(row.listeners == Listeners::kTunnel, row.role == Role::kNetTunnel) << row.binary;
    EXPECT_EQ(row.listeners == Listeners::kAdmin, row.role == Role::kAdmin) << row.binary;
  }
}

TEST(SpawnTable, TheTitleSaysTheRoleAsInPs) {
  for (const SpawnRow& row : spawn_table()) {
    const std::string role = "[" + std::string(protocol::name_of(row.role)) + "]";
    EXPECT_NE(std::string(row.title).find(role), std::string::npos) << row.title;
  }
}

}  // namespace
}  // namespace mcpbox::launcher
