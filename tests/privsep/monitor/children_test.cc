// Mirrors privsep/monitor/children.cc: processes that are started, greeted and watched.
#include "tests/privsep/monitor/fake_executor.h"

namespace mcpbox::monitor {
namespace {

class ChildrenTest : public MonitorTest {
 protected:
  FakeExecutor executor{event_loop, launcher};
};

TEST_F(ChildrenTest, OneThatNeverSaysHelloIsEnded) {
  executor.silent = true;
  Children children(monitor, 20);
  std::optional<base::Error> lost;
  Child::Events events{.serving = {}, .lost = [&lost](const base::Error& why) { lost = why; }};
  const auto child = finish(children.launch(protocol::Role::kZygote, std::move(events)));
  ASSERT_TRUE(child.has_value());
  until([&] { return lost.has_value(); });
  EXPECT_EQ(lost->why, base::Why::kTimeout);
  EXPECT_EQ((*child)->peer, nullptr);
  EXPECT_FALSE(executor.zygotes[0]->open);
}

// Two of one role: each has its own story.
TEST_F(ChildrenTest, TheEndOfOneIsNotTheEndOfAnotherOfItsRole) {
  Children& children = monitor.children;
  int lost = 0;
  const auto launched = [&] {
    Child::Events events{.serving = {}, .lost = [&lost](const base::Error& /*why*/) { ++lost; }};
    return *finish(children.launch(protocol::Role::kZygote, std::move(events)));
  };
  const std::shared_ptr<Child> one = launched();
  const std::shared_ptr<Child> two = launched();
  children.ended(one->pid, SIGKILL);
  until([&] { return lost == 1; });
  EXPECT_EQ(one->peer, nullptr);
  EXPECT_NE(two->peer, nullptr);
  children.ended(4711, 0);  // none of ours
  EXPECT_EQ(store.count(AuditKind::kChildEnding), 1u);
}

TEST(RestartsTest, AreQuickThreeTimesInTenMinutesAndThenSlow) {
  Restarts restarts;
  constexpr std::int64_t kWindowMs = 600'000;
  for (std::uint32_t i = 0; i < policy::limits::kQuickRestarts; ++i) EXPECT_EQ(restarts.pause_after(i), 0);
  EXPECT_EQ(restarts.pause_after(10), policy::limits::kRestartPauseMs);
  EXPECT_EQ(restarts.pause_after(kWindowMs + 11), 0) << "what was long ago does not count";
  EXPECT_EQ(restarts.count(), policy::limits::kQuickRestarts + 2);
}

// Strangers reach it: what ends it again and again must not get endless tries.
TEST_F(ChildrenTest, TheTunnelsGatewayStaysDownAfterTwentyEndingsAndTheLocalSideGoesOn) {
  using protocol::Role;
  std::map<Role, std::size_t> asked;
  launcher.on_spawn = [&](Role role) -> base::Result<Spawned> {
    ++asked[role];
    return base::fail(base::Why::kRefused, "it does not start");
  };
  std::string_view("127.0.0.2:8002").copy(settings.tunnel_listeners[0].data(), 32);
  Children children(monitor, 20, 1);
  children.start();
  until([&] { return asked[Role::kNetLocal] > 2 * kTunnelEndings; });
  EXPECT_EQ(asked[Role::kNetTunnel], kTunnelEndings);
  ASSERT_EQ(monitor.warnings.size(), 1U);
  EXPECT_TRUE(monitor.warnings[0].contains("mcpboxctl remote")) << monitor.warnings[0];

  children.bring_back(Role::kNetLocal);  // it is not down for good
  children.bring_back(Role::kNetTunnel);
  EXPECT_TRUE(monitor.warnings.empty());
  until([&] { return asked[Role::kNetTunnel] == 2 * kTunnelEndings; });
  until([&] { return monitor.warnings.size() == 1; });
  children.stop();
}

}  // namespace
}  // namespace mcpbox::monitor
