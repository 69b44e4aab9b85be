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

}  // namespace
}  // namespace mcpbox::monitor
