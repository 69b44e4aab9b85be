// Owns running tasks.  Destroying the set cancels them; a task that ends leaves the set by itself.
#pragma once

#include <list>

#include "privsep/loop/task.h"

namespace mcpbox::loop {

class TaskSet {
 public:
  TaskSet() = default;
  TaskSet(const TaskSet&) = delete;
  TaskSet& operator=(const TaskSet&) = delete;

  // Starts the task now.  Its error, if it ends with one, is dropped: handle it inside.
  template <class T>
  void spawn(Task<T> task) {
    sweep();
    alive_.push_back(run(std::move(task)));
    alive_.back().handle().resume();
  }

  [[nodiscard]] std::size_t size() {
    sweep();
    return alive_.size();
  }

 private:
  template <class T>
  static Task<Nothing> run(Task<T> task) {
    [[maybe_unused]] const base::Result<T> ended = co_await attempt(std::move(task));
    co_return Nothing{};
  }

  // A finished task cannot destroy itself while it is still running: the next spawn clears it away.
  void sweep() {
    std::erase_if(alive_, [](const Task<Nothing>& task) { return task.done(); });
  }

  std::list<Task<Nothing>> alive_;
};

}  // namespace mcpbox::loop
