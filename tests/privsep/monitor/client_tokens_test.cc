// Mirrors privsep/monitor/client_tokens.cc and on_clients.cc: what a token is worth, from its making to its
// end.
#include "privsep/monitor/client_tokens.h"

#include "policy/client_tokens.h"
#include "privsep/monitor/ids.h"
#include "privsep/monitor/seals.h"
#include "tests/privsep/monitor/fixture.h"

namespace mcpbox::monitor {
namespace {

using base::Why;
using protocol::Role;
using protocol::State;
namespace limits = policy::limits;

class ClientTokensTest : public MonitorTest {
 protected:
  base::Result<protocol::ClientTokenGiven> make(const std::string& name) {
    protocol::CreateClientToken wanted{.name = name};
    return finish(on_create_client_token(monitor, *ctl, std::move(wanted)));
  }
  base::Result<protocol::Done> revoke(const std::string& name) {
    protocol::RevokeClientToken order{.name = name};
    return finish(on_revoke_client_token(monitor, *ctl, std::move(order)));
  }
  std::shared_ptr<Peer> ctl = peer(Role::kCtl, State::kDeciding);
};

TEST_F(ClientTokensTest, ATokenIsKnownByItsHashAlone) {
  const auto given = make("laptop");
  ASSERT_TRUE(given) << given.error().text;
  const std::string token = given->token;
  EXPECT_EQ(token.size(), policy::kClientTokenPrefix.size() + 64);
  const ClientToken* known = monitor.client_tokens.with(token);
  ASSERT_NE(known, nullptr);
  EXPECT_EQ(known->name, "laptop");
  EXPECT_EQ(known->hash, ClientTokens::hash_of(token));
  EXPECT_EQ(store.records.back().action, "create_client_token");
  EXPECT_EQ(store.records.back().payload.find(token), std::string::npos);
  EXPECT_NE(make("other")->token, token);
}

TEST_F(ClientTokensTest, WhatIsNearlyATokenIsNone) {
  const std::string token = make("laptop")->token;
  for (const std::string& wrong : {token.substr(0, token.size() - 1), token + "0", token.substr(1),
                                   std::string(), std::string(policy::kClientTokenPrefix), "Bearer " + token})
    EXPECT_EQ(monitor.client_tokens.with(wrong), nullptr) << wrong;
}

TEST_F(ClientTokensTest, ANameIsTakenOnceAndMustBeOne) {
  ASSERT_TRUE(make("laptop"));
  EXPECT_EQ(make("laptop").error().why, Why::kConflict);
  for (const char* wrong : {"", "Laptop", "a__b", "a b", "mcpbox", "_a"})
    EXPECT_EQ(make(wrong).error().why, Why::kInvalid) << wrong;
}

TEST_F(ClientTokensTest, ThereAreSoManyAndNotOneMore) {
  for (std::uint32_t i = 0; i < limits::kClientTokens; ++i) ASSERT_TRUE(make("c" + std::to_string(i)));
  EXPECT_EQ(make("onemore").error().why, Why::kConflict);
  ASSERT_TRUE(revoke("c0"));
  EXPECT_TRUE(make("onemore"));
}

TEST_F(ClientTokensTest, WhatCannotBeRecordedIsNotGiven) {
  store.broken = true;
  EXPECT_FALSE(make("laptop"));
  EXPECT_TRUE(monitor.client_tokens.all().empty());
}

TEST_F(ClientTokensTest, RevokingActsBeforeItsCommit) {
  const std::string token = make("laptop")->token;
  const wire::Id ticket = monitor.tickets.issue(7, {.who = "client:laptop"});
  const wire::Id other = monitor.tickets.issue(7, {.who = "unix:alice"});
  const protocol::Session session = monitor.sessions.open("client:laptop", {.version = "2025-11-25"});
  store.broken = true;
  EXPECT_FALSE(revoke("laptop")) << "it could not be recorded";
  EXPECT_EQ(monitor.client_tokens.with(token), nullptr) << "and is worth nothing all the same";
  EXPECT_FALSE(monitor.tickets.redeem(7, ticket));
  EXPECT_TRUE(monitor.tickets.redeem(7, other));
  EXPECT_FALSE(monitor.sessions.find("client:laptop", session.id));
  store.broken = false;
  EXPECT_EQ(revoke("laptop").error().why, Why::kNotFound);
}

TEST_F(ClientTokensTest, ARowCountsOnlyWithItsSealAndWhenNothingLaterIsKnown) {
  const ClientToken token{.name = "laptop", .hash = ClientTokens::hash_of("mcpbox_x"), .created_by = "root"};
  const auto text = [](auto bytes) { return std::string(view_of(bytes)); };
  const wire::Digest seal = seal_of_client(monitor.keys, token, 5);
  const auto load = [&](const std::string& name, const wire::Digest& sealed, std::uint64_t revoked_at) {
    store.answers["load_client_tokens"].rows = {{name, text(token.hash), "root", "0", "5", text(sealed)}};
    store.answers["last_decisions"].rows = {
        {text(subject_of_client(name)), kRevokeClientAction, std::to_string(revoked_at)}};
    monitor.client_tokens.erase(name);
    EXPECT_TRUE(finish(monitor.load()));
    return monitor.client_tokens.with("mcpbox_x") != nullptr;
  };
  EXPECT_TRUE(load("laptop", seal, 4)) << "made again after an earlier one was revoked";
  EXPECT_FALSE(load("laptop", seal, 6)) << "revoked since: somebody put the row back";
  EXPECT_FALSE(load("desktop", seal, 0)) << "another name";
  EXPECT_FALSE(load("laptop", wire::Digest{}, 0)) << "no seal";
}

TEST_F(ClientTokensTest, OnlyAPersonWhoMayDecideIsAnswered) {
  for (const auto& [role, state] :
       {std::pair(Role::kNetLocal, State::kServing), std::pair(Role::kCtl, State::kServing)}) {
    EXPECT_EQ(send(peer(role, state), protocol::CreateClientToken{.name = "mine"}), Verdict::kKillPeer);
    EXPECT_EQ(send(peer(role, state), protocol::ListClientTokens{}), Verdict::kKillPeer);
    EXPECT_EQ(send(peer(role, state), protocol::RevokeClientToken{.name = "mine"}), Verdict::kKillPeer);
  }
  EXPECT_TRUE(monitor.client_tokens.all().empty());
}

}  // namespace
}  // namespace mcpbox::monitor
