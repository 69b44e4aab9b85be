// Mirrors remote_access.cc and on_remote.cc: which Worker is believed and who may come, set, stored and
// loaded.
#include "privsep/monitor/ids.h"
#include "privsep/monitor/seals.h"
#include "tests/privsep/monitor/remote_fixture.h"

namespace mcpbox::monitor {
namespace {

class RemoteSettingTest : public RemoteTest {
 public:
  void stored(const std::string& value, std::uint64_t sequence) {
    store.answers["load_settings"].rows.push_back(
        {kRemoteSetting, value, std::to_string(sequence),
         std::string(view_of(seal_of_setting(keys, kRemoteSetting, value, sequence)))});
  }
  void load() {
    monitor.remote.set({});
    ASSERT_TRUE(finish(monitor.load()).has_value());
  }
  std::shared_ptr<Peer> root = peer(Role::kCtl, State::kDeciding);
};

TEST_F(RemoteSettingTest, WhatIsStoredIsWhatWasSet) {
  const std::optional<RemoteConfig> again = remote_config_of(text_of(config()));
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(text_of(*again), text_of(config()));
  stored(text_of(config()), 4);
  load();
  EXPECT_TRUE(ask(request()).has_value());
}

TEST_F(RemoteSettingTest, ARowThatIsForgedOrOldClosesTheTunnel) {
  stored(text_of(config()), 4);
  store.answers["load_settings"].rows.back()[1] = text_of(config()) + "eve@example.org\n";
  load();
  EXPECT_FALSE(monitor.remote.config().on());
  store.answers.clear();
  stored(text_of(config()), 4);
  store.answers["last_decisions"].rows.push_back(
      {std::string(view_of(subject_of_setting(kRemoteSetting))), kRemoteAction, "9"});
  load();
  EXPECT_FALSE(monitor.remote.config().on()) << "the chain knows a later decision";
}

TEST_F(RemoteSettingTest, TextThatIsNoneIsNone) {
  const std::string good = text_of(config());
  for (std::size_t cut = 0; cut < good.size() - 1; ++cut) {
    const auto read = remote_config_of(std::string_view(good).substr(0, cut));
    EXPECT_TRUE(!read || text_of(*read) != good) << cut;
  }
  EXPECT_FALSE(remote_config_of("").has_value());
  EXPECT_FALSE(remote_config_of("https://w.example\na\nzz\nemails\n0\n").has_value());
}

TEST_F(RemoteSettingTest, APersonSetsTheWorkerAndNobodyElse) {
  monitor.remote.set({});
  protocol::SetRemoteWorker order{.issuer = kIssuer};
  order.keys.push_back({.id = "k1", .key = worker.open});
  const auto bare = finish(on_set_remote_worker(monitor, *root, order));
  ASSERT_FALSE(bare.has_value()) << "without a service token";
  order.service_token = "short";
  EXPECT_FALSE(finish(on_set_remote_worker(monitor, *root, order)).has_value());
  order.service_token = kToken;
  const auto set = finish(on_set_remote_worker(monitor, *root, order));
  ASSERT_TRUE(set.has_value()) << set.error().text;
  EXPECT_TRUE(set->on);
  EXPECT_TRUE(set->audience.starts_with("mcpbox:"));
  EXPECT_EQ(store.records.back().action, "set_remote");
  order.service_token = "";
  const auto again = finish(on_set_remote_worker(monitor, *root, order));
  EXPECT_EQ(again->audience, set->audience) << "made once";
  EXPECT_EQ(monitor.remote.config().token, sha256_of(kToken)) << "and the token stays";
  for (const Role role : {Role::kNetLocal, Role::kNetTunnel, Role::kZygote, Role::kEgress})
    EXPECT_EQ(send(peer(role, State::kServing), order), Verdict::kKillPeer);
}

TEST_F(RemoteSettingTest, NonsenseIsRefused) {
  const auto worker_of = [this](const std::string& issuer) {
    protocol::SetRemoteWorker order{.issuer = issuer, .service_token = kToken};
    order.keys.push_back({.id = "k1", .key = worker.open});
    return finish(on_set_remote_worker(monitor, *root, order)).has_value();
  };
  for (const char* wrong :
       {"http://w.example", "w.example", "https://w.example/", "https://w.example\n", "ftp://x"})
    EXPECT_FALSE(worker_of(wrong)) << wrong;
  protocol::SetRemotePolicy domain{.policy = RemotePolicy::kDomain};
  EXPECT_FALSE(finish(on_set_remote_policy(monitor, *root, domain)).has_value());
  domain.entries.push_back({.value = "eve@example.org"});
  EXPECT_FALSE(finish(on_set_remote_policy(monitor, *root, domain)).has_value());
  domain.entries[0].value = "example.org";
  EXPECT_TRUE(finish(on_set_remote_policy(monitor, *root, domain)).has_value());
}

TEST_F(RemoteSettingTest, AChangeThatIsNotDurableLeavesTheTunnelClosed) {
  store.broken = true;
  protocol::SetRemotePolicy everyone{.policy = RemotePolicy::kEveryone};
  EXPECT_FALSE(finish(on_set_remote_policy(monitor, *root, everyone)).has_value());
  store.broken = false;
  expect_refused(request(), "after the failure");
}

TEST_F(RemoteSettingTest, OffIsOff) {
  protocol::SetRemoteWorker off;
  const auto state = finish(on_set_remote_worker(monitor, *root, off));
  ASSERT_TRUE(state.has_value()) << state.error().text;
  EXPECT_FALSE(state->on);
  expect_refused(request(), "after it was switched off");
}

}  // namespace
}  // namespace mcpbox::monitor
