// Mirrors privsep/loop/task.h.
#include "privsep/loop/task.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace mcpbox::loop {
namespace {

using base::Why;

constexpr base::Error kRefused{Why::kRefused, "no"};

// Runs a task to its end or its first wait.
template <class T>
void start(Task<T>& task) {
  task.handle().resume();
}

Task<int> gives(int value) { co_return value; }
Task<int> fails() { co_return std::unexpected(kRefused); }

Task<int> adds() {
  const int a = co_await gives(2);
  const int b = co_await gives(3);
  co_return a + b;
}

TEST(Task, StartsOnlyWhenItIsAwaited) {
  Task<int> task = adds();
  EXPECT_FALSE(task.done());
  start(task);
  ASSERT_TRUE(task.done());
  EXPECT_EQ(task.take().value(), 5);
}

Task<int> goes_on_after_failure(std::vector<std::string>& steps) {
  steps.emplace_back("before");
  const int value = co_await fails();
  steps.emplace_back("after");
  co_return value;
}

TEST(Task, AnErrorEndsTheAwaitingTaskWithThatError) {
  std::vector<std::string> steps;
  Task<int> task = goes_on_after_failure(steps);
  start(task);
  EXPECT_EQ(steps, std::vector<std::string>{"before"});
  const base::Result<int> ended = task.take();
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().why, Why::kRefused);
  EXPECT_STREQ(ended.error().text, "no");
}

Task<int> middle(std::vector<std::string>& steps) {
  const int value = co_await goes_on_after_failure(steps);
  steps.emplace_back("middle");
  co_return value;
}

Task<std::string> outer(std::vector<std::string>& steps) {
  const base::Result<int> inner = co_await attempt(middle(steps));
  co_return inner ? "fine" : inner.error().text;
}

TEST(Task, AnErrorPassesEveryLevelUntilSomebodyAttempts) {
  std::vector<std::string> steps;
  Task<std::string> task = outer(steps);
  start(task);
  EXPECT_EQ(task.take().value(), "no");
  EXPECT_EQ(steps, std::vector<std::string>{"before"});
}

Task<int> attempts_what_succeeds() {
  const base::Result<int> inner = co_await attempt(gives(7));
  co_return inner.value_or(-1);
}

TEST(Task, AnAttemptThatSucceedsGivesTheValue) {
  Task<int> task = attempts_what_succeeds();
  start(task);
  EXPECT_EQ(task.take().value(), 7);
}

struct Noted {
  explicit Noted(int& ended) : count(ended) {}
  Noted(const Noted&) = delete;
  Noted& operator=(const Noted&) = delete;
  ~Noted() { ++count; }
  int& count;
};

Task<int> waits(Later<int> later, int& ended) {
  const Noted noted(ended);
  const base::Result<int> got = co_await later.result();
  co_return got;
}

Task<int> waits_below(Later<int> later, int& ended) {
  const Noted noted(ended);
  const int value = co_await waits(later, ended);
  co_return value + 1;
}

TEST(Later, ResumesItsWaiterWithTheValue) {
  int ended = 0;
  Later<int> later;
  Task<int> task = waits_below(later, ended);
  start(task);
  EXPECT_FALSE(task.done());
  later.resolve(41);
  ASSERT_TRUE(task.done());
  EXPECT_EQ(task.take().value(), 42);
  EXPECT_EQ(ended, 2);
}

TEST(Later, AnErrorThatACallbackBringsPassesOutwards) {
  int ended = 0;
  Later<int> later;
  Task<int> task = waits_below(later, ended);
  start(task);
  later.resolve(std::unexpected(kRefused));
  ASSERT_TRUE(task.done());
  EXPECT_EQ(task.take().error().why, Why::kRefused);
}

TEST(Later, ResolvedBeforehandDoesNotWait) {
  int ended = 0;
  Later<int> later;
  later.resolve(1);
  EXPECT_TRUE(later.resolved());
  Task<int> task = waits(later, ended);
  start(task);
  EXPECT_EQ(task.take().value(), 1);
}

TEST(Later, OnlyTheFirstResultCounts) {
  int ended = 0;
  Later<int> later;
  later.resolve(1);
  later.resolve(2);
  Task<int> task = waits(later, ended);
  start(task);
  EXPECT_EQ(task.take().value(), 1);
}

TEST(Later, ADestroyedWaiterIsNotResumed) {
  int ended = 0;
  Later<int> later;
  {
    Task<int> task = waits_below(later, ended);
    start(task);
  }
  EXPECT_EQ(ended, 2) << "destroying the task runs the destructors of every level";
  later.resolve(1);
  EXPECT_EQ(ended, 2);
}

Task<std::size_t> keeps_its_arguments(Later<int> later, std::string text, std::vector<std::string> more) {
  const base::Result<int> got = co_await later.result();
  if (!got) co_return std::unexpected(got.error());
  co_return text.size() + more.front().size();
}

TEST(Task, ArgumentsTakenByValueLiveAsLongAsTheTask) {
  Later<int> later;
  Task<std::size_t> task = keeps_its_arguments(later, std::string(100, 'x'), {std::string(50, 'y')});
  start(task);
  later.resolve(1);
  EXPECT_EQ(task.take().value(), 150U);
}

}  // namespace
}  // namespace mcpbox::loop
