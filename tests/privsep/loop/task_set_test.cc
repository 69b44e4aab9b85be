// Mirrors privsep/loop/task_set.h.
#include "privsep/loop/task_set.h"

#include <gtest/gtest.h>

#include <vector>

namespace mcpbox::loop {
namespace {

struct Noted {
  explicit Noted(int& ended) : count(ended) {}
  Noted(const Noted&) = delete;
  Noted& operator=(const Noted&) = delete;
  ~Noted() { ++count; }
  int& count;
};

Task<> waits(Later<Nothing> later, int& ended, std::vector<int>& order, int name) {
  const Noted noted(ended);
  const base::Result<Nothing> got = co_await later.result();
  order.push_back(name);
  co_return got;
}

TEST(TaskSet, ATaskStartsAtOnceAndLeavesWhenItEnds) {
  TaskSet tasks;
  int ended = 0;
  std::vector<int> order;
  Later<Nothing> first, second;
  tasks.spawn(waits(first, ended, order, 1));
  tasks.spawn(waits(second, ended, order, 2));
  EXPECT_EQ(tasks.size(), 2U);
  second.resolve(Nothing{});
  EXPECT_EQ(tasks.size(), 1U);
  first.resolve(Nothing{});
  EXPECT_EQ(tasks.size(), 0U);
  EXPECT_EQ(order, (std::vector<int>{2, 1}));
}

TEST(TaskSet, DestroyingItCancelsWhatWaits) {
  int ended = 0;
  std::vector<int> order;
  Later<Nothing> later;
  {
    TaskSet tasks;
    tasks.spawn(waits(later, ended, order, 1));
  }
  EXPECT_EQ(ended, 1);
  later.resolve(Nothing{});
  EXPECT_TRUE(order.empty());
}

TEST(TaskSet, AnErrorOfATaskConcernsNobodyElse) {
  TaskSet tasks;
  int ended = 0;
  std::vector<int> order;
  Later<Nothing> first, second;
  tasks.spawn(waits(first, ended, order, 1));
  tasks.spawn(waits(second, ended, order, 2));
  first.resolve(base::fail(base::Why::kBroken, "gone"));
  EXPECT_EQ(tasks.size(), 1U);
  second.resolve(Nothing{});
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

Task<> spawns(TaskSet& tasks, Later<Nothing> later, int& ended, std::vector<int>& order) {
  tasks.spawn(waits(later, ended, order, 2));
  order.push_back(1);
  co_return Nothing{};
}

TEST(TaskSet, ATaskMaySpawnAnotherIntoItsOwnSet) {
  TaskSet tasks;
  int ended = 0;
  std::vector<int> order;
  Later<Nothing> later;
  tasks.spawn(spawns(tasks, later, ended, order));
  EXPECT_EQ(tasks.size(), 1U);
  later.resolve(Nothing{});
  EXPECT_EQ(tasks.size(), 0U);
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

}  // namespace
}  // namespace mcpbox::loop
