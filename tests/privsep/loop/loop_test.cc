// Mirrors privsep/loop/loop.cc.
#include "privsep/loop/loop.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <vector>

#include "privsep/base/fd.h"
#include "privsep/loop/task_set.h"
#include "tests/privsep/loop/turning.h"

namespace mcpbox::loop {
namespace {

using testing::turn_until;
using testing::turn_while_busy;

struct Pipe {
  base::Fd out, in;
  Pipe() {
    int ends[2] = {-1, -1};
    if (::pipe(ends) != 0) std::abort();
    out.reset(ends[0]);
    in.reset(ends[1]);
  }
  void fill() const { ASSERT_EQ(::write(in.get(), "x", 1), 1); }
};

TEST(Loop, SoonRunsFromTheLoopAndInOrder) {
  Loop loop;
  std::vector<int> order;
  loop.soon([&] { order.push_back(1); });
  loop.soon([&] { order.push_back(2); });
  EXPECT_TRUE(order.empty());
  ASSERT_TRUE(turn_until(loop, [&] { return order.size() == 2; }));
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(Loop, RunEndsAtStop) {
  Loop loop;
  loop.soon([&] { loop.stop(); });
  loop.run();
  SUCCEED();
}

Task<> sleeps(Loop& loop, int& woke) {
  co_await loop.sleep(1);
  ++woke;
  co_return Nothing{};
}

TEST(Loop, SleepEndsAndIsCancelledWithItsTask) {
  Loop loop;
  int woke = 0;
  TaskSet tasks;
  tasks.spawn(sleeps(loop, woke));
  ASSERT_TRUE(turn_until(loop, [&] { return woke == 1; }));
  {
    TaskSet cancelled;
    cancelled.spawn(sleeps(loop, woke));
  }
  tasks.spawn(sleeps(loop, woke));  // later than the cancelled one would have been
  ASSERT_TRUE(turn_until(loop, [&] { return woke == 2; }));
  turn_while_busy(loop);
  EXPECT_EQ(woke, 2);
}

TEST(Watch, CallsOnlyWhileEnabled) {
  Loop loop;
  const Pipe pipe;
  int calls = 0;
  Watch watch(loop, pipe.out.get(), Ready::kRead, [&] { ++calls; });
  pipe.fill();
  turn_while_busy(loop);
  EXPECT_EQ(calls, 0);
  watch.enable();
  ASSERT_TRUE(turn_until(loop, [&] { return calls >= 2; })) << "level-triggered: the byte is still there";
  watch.disable();
  const int before = calls;
  turn_while_busy(loop);
  EXPECT_EQ(calls, before);
}

TEST(Watch, MayBeDestroyedByItsOwnAction) {
  Loop loop;
  const Pipe pipe;
  int calls = 0;
  std::unique_ptr<Watch> watch;
  watch = std::make_unique<Watch>(loop, pipe.out.get(), Ready::kRead, [&] {
    ++calls;
    watch.reset();
    ++calls;  // the action itself outlives the watch
  });
  watch->enable();
  pipe.fill();
  ASSERT_TRUE(turn_until(loop, [&] { return calls > 0; }));
  turn_while_busy(loop);
  EXPECT_EQ(calls, 2);
}

TEST(Timer, FiresOnceAndNotWhenStopped) {
  Loop loop;
  int stopped = 0;
  int fired = 0;
  Timer never(loop, [&] { ++stopped; });
  Timer once(loop, [&] { ++fired; });
  never.start(0);
  never.stop();
  once.start(0);
  ASSERT_TRUE(turn_until(loop, [&] { return fired == 1; }));
  turn_while_busy(loop);
  EXPECT_EQ(fired, 1);
  EXPECT_EQ(stopped, 0);
}

TEST(SignalWatch, CallsForItsSignal) {
  Loop loop;
  int caught = 0;
  const SignalWatch watch(loop, SIGUSR1, [&] { ++caught; });
  ASSERT_EQ(::raise(SIGUSR1), 0);
  EXPECT_TRUE(turn_until(loop, [&] { return caught == 1; }));
}

}  // namespace
}  // namespace mcpbox::loop
