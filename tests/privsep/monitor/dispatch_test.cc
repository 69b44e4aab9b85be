// Mirrors privsep/monitor/dispatch.cc.
#include "tests/privsep/monitor/fixture.h"

namespace mcpbox::monitor {
namespace {

using protocol::Role;
using protocol::State;

TEST_F(MonitorTest, AStolenGatewayThatApprovesIsKilled) {
  const auto gateway = peer(Role::kNetLocal, State::kServing);
  EXPECT_EQ(send(gateway, protocol::Approve{.tool = tool_id, .digest = digest_of_tool(tool())}),
            Verdict::kKillPeer);
  EXPECT_TRUE(tool().approved.empty());
}

TEST_F(MonitorTest, AStolenGatewayThatThawsOrUnlocksIsKilled) {
  const auto gateway = peer(Role::kNetLocal, State::kServing);
  EXPECT_EQ(send(gateway, protocol::Thaw{}), Verdict::kKillPeer);
  protocol::Unlock guess{.admin = "root", .password = "a password"};
  EXPECT_EQ(send(gateway, std::move(guess)), Verdict::kKillPeer);
}

TEST_F(MonitorTest, AZygoteThatCallsToolsIsKilled) {
  const auto zygote = peer(Role::kZygote, State::kServing);
  EXPECT_EQ(send(zygote, protocol::OpenCall{.tool = "srv__greet"}), Verdict::kKillPeer);
}

TEST_F(MonitorTest, NobodyIsServedBeforeHello) {
  const auto gateway = peer(Role::kNetLocal, State::kConnected);
  EXPECT_EQ(send(gateway, protocol::ListPublished{}), Verdict::kKillPeer);
}

TEST_F(MonitorTest, ASecondHelloIsKilled) {
  const auto gateway = peer(Role::kNetLocal, State::kConnected);
  protocol::Hello hello{.layers = 1, .build = kVersion};
  EXPECT_EQ(send(gateway, hello), Verdict::kAccepted);
  EXPECT_EQ(gateway->state, State::kServing);
  EXPECT_EQ(send(gateway, hello), Verdict::kKillPeer);
}

TEST_F(MonitorTest, AChildOfAnotherBuildDoesNotServe) {
  const auto gateway = peer(Role::kNetLocal, State::kConnected);
  EXPECT_EQ(send(gateway, protocol::Hello{.layers = 1, .build = "0.0.0-other"}), Verdict::kAccepted);
  EXPECT_EQ(gateway->state, State::kConnected);
}

TEST_F(MonitorTest, AnUnknownOpIsKilled) {
  const auto gateway = peer(Role::kNetLocal, State::kServing);
  wire::Frame frame;
  frame.header.op = 999;
  EXPECT_EQ(dispatch(monitor, gateway, std::move(frame)), Verdict::kKillPeer);
}

TEST_F(MonitorTest, AnOrderSentToTheMonitorIsKilled) {
  const auto zygote = peer(Role::kZygote, State::kServing);
  EXPECT_EQ(send(zygote, protocol::HashPassword{.password = "x"}), Verdict::kKillPeer);
}

TEST_F(MonitorTest, ATruncatedOrLongerFrameIsKilled) {
  const auto gateway = peer(Role::kNetLocal, State::kServing);
  protocol::StopServer stop{};
  base::Result<wire::Frame> whole = wire::encode(stop);
  ASSERT_TRUE(whole.has_value());
  const std::size_t right = whole->payload.size();
  for (const std::size_t wrong : {right - 1, right + 1}) {
    wire::Frame frame;
    frame.header.op = static_cast<std::uint16_t>(protocol::StopServer::kOp);
    frame.payload = whole->payload;
    frame.payload.resize(wrong);
    EXPECT_EQ(dispatch(monitor, gateway, std::move(frame)), Verdict::kKillPeer);
  }
  EXPECT_TRUE(monitor.catalogue.find_server(server_id)->running);
}

TEST_F(MonitorTest, AnOrdinaryUserAtTheControlSocketMayOnlyLook) {
  const auto person = peer(Role::kCtl, State::kServing);
  EXPECT_EQ(send(person, protocol::GetStatus{}), Verdict::kAccepted);
  EXPECT_EQ(send(person, protocol::ReadLogs{}), Verdict::kAccepted);
  EXPECT_EQ(send(person, protocol::Freeze{.reason = "because"}), Verdict::kKillPeer);
  EXPECT_FALSE(monitor.frozen);
}

TEST_F(MonitorTest, UnlockingWithoutBeingAMemberChangesNothing) {
  const auto person = peer(Role::kCtl, State::kServing);
  EXPECT_EQ(send(person, protocol::Unlock{.admin = "root", .password = "a password"}), Verdict::kAccepted);
  EXPECT_EQ(person->state, State::kServing);
}

TEST_F(MonitorTest, RootDecidesAtOnce) {
  const auto person = peer(Role::kCtl, State::kConnected);
  person->owner = true;
  EXPECT_EQ(send(person, protocol::Hello{.build = kVersion}), Verdict::kAccepted);
  EXPECT_EQ(person->state, State::kDeciding);
}

TEST_F(MonitorTest, ATicketOfAnotherInstanceIsWorthNothing) {
  const auto first = peer(Role::kNetLocal, State::kServing);
  const wire::Id ticket = ticket_for(first);
  const auto second = peer(Role::kNetLocal, State::kServing);
  EXPECT_TRUE(monitor.redeem(*first, ticket).has_value());
  EXPECT_FALSE(monitor.redeem(*second, ticket).has_value());
  monitor.tickets.forget(first->instance);
  EXPECT_FALSE(monitor.redeem(*first, ticket).has_value());
}

}  // namespace
}  // namespace mcpbox::monitor
