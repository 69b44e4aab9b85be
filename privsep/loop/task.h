// A coroutine that yields a Result<T>.  Async code reads top to bottom:
//   const Principal who = co_await g.monitor.ask(whose);      // an error ends *this* task with that error
//   Result<Tool> tool = co_await attempt(load(g, id));        // an error is handled here
// A task starts when it is awaited or spawned, is owned by whoever holds it, and is cancelled by being
// destroyed.  Everything runs on one thread.
//
// Verified trap of g++ 12: a braced temporary inside co_await is freed twice.  Name every request first;
// Link::ask() refuses temporaries at compile time.
#pragma once

#include <coroutine>
#include <memory>
#include <optional>
#include <utility>

#include "privsep/base/error.h"

namespace mcpbox::loop {

struct Nothing {};  // the value of a task that has none to give

namespace detail {

// Resumed when a task ends: either a coroutine that can take errors, or one that must be ended with them.
struct PromiseBase {
  std::coroutine_handle<> waiter;         // resumed when we end
  PromiseBase* waiter_promise = nullptr;  // set when an error must end the waiter instead of resuming it

  virtual void set_error(base::Error error) = 0;
  [[nodiscard]] virtual bool failed() const = 0;
  [[nodiscard]] virtual base::Error error() const = 0;

 protected:
  ~PromiseBase() = default;
};

// What runs next when the coroutine behind `promise` has its result: its waiter, or, when the result is an
// error that the waiter does not handle, whoever waits for the waiter, and so on outwards.
inline std::coroutine_handle<> next_after(PromiseBase* promise) {
  while (promise->failed() && promise->waiter_promise != nullptr) {
    promise->waiter_promise->set_error(promise->error());
    promise = promise->waiter_promise;
  }
  return promise->waiter ? promise->waiter : std::noop_coroutine();
}

}  // namespace detail

template <class T = Nothing>
class [[nodiscard]] Task {
 public:
  struct promise_type final : detail::PromiseBase {
    std::optional<base::Result<T>> result;
    bool cut_short =
        false;  // ended by an awaited task's error: it will not be resumed, nor reach its last line

    Task get_return_object() { return Task(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    struct Final {
      bool await_ready() noexcept { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<promise_type> self) noexcept {
        return detail::next_after(&self.promise());
      }
      void await_resume() noexcept {}
    };
    Final final_suspend() noexcept { return {}; }
    void return_value(base::Result<T> value) { result = std::move(value); }
    void unhandled_exception() { PANIC("exception in a task"); }

    void set_error(base::Error error) override {
      result = std::unexpected(error);
      cut_short = true;
    }
    [[nodiscard]] bool failed() const override { return result && !result->has_value(); }
    [[nodiscard]] base::Error error() const override { return result->error(); }
  };
  using Handle = std::coroutine_handle<promise_type>;

  Task() = default;
  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (handle_) handle_.destroy();
      handle_ = std::exchange(other.handle_, {});
    }
    return *this;
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  [[nodiscard]] Handle handle() const { return handle_; }
  [[nodiscard]] bool done() const { return handle_ && (handle_.done() || handle_.promise().cut_short); }
  base::Result<T> take() { return std::move(*handle_.promise().result); }

 private:
  Handle handle_;
};

namespace detail {

template <class T>
struct TaskAwaiter {
  Task<T> inner;
  bool short_circuit;

  bool await_ready() const noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> outer) noexcept {
    PromiseBase& promise = inner.handle().promise();
    promise.waiter = outer;
    if (short_circuit) promise.waiter_promise = &outer.promise();
    return inner.handle();
  }
};

template <class T>
struct ValueAwaiter : TaskAwaiter<T> {
  T await_resume() { return std::move(*this->inner.take()); }
};

template <class T>
struct ResultAwaiter : TaskAwaiter<T> {
  base::Result<T> await_resume() { return this->inner.take(); }
};

template <class T>
struct Attempt {
  Task<T> task;
  ResultAwaiter<T> operator co_await() && { return {{std::move(task), false}}; }
};

}  // namespace detail

template <class T>
detail::ValueAwaiter<T> operator co_await(Task<T>&& task) {
  return {{std::move(task), true}};
}

// co_await attempt(task) gives the Result instead of ending the awaiting task on an error.
template <class T>
detail::Attempt<T> attempt(Task<T> task) {
  return {std::move(task)};
}

// The one suspension point that is not a task: a value that a callback will bring.
//   Later<Reply> reply;  keep a copy where the callback finds it;
//   base::Result<Reply> got = co_await reply.result();     ...     reply.resolve(value);
// Copies share one state.  One waiter.  The waiter may be destroyed first: then resolve() does nothing.
template <class T>
class Later {
  struct State {
    std::optional<base::Result<T>> result;
    std::coroutine_handle<> waiter;
  };

 public:
  Later() : state_(std::make_shared<State>()) {}

  [[nodiscard]] bool resolved() const { return state_->result.has_value(); }

  // Brings the result and resumes the waiter, which may destroy this object.  Only the first result counts.
  void resolve(base::Result<T> result) {
    const std::shared_ptr<State> state = state_;
    if (state->result) return;
    state->result = std::move(result);
    if (state->waiter) std::exchange(state->waiter, {}).resume();
  }

  class Awaiter {
   public:
    explicit Awaiter(std::shared_ptr<State> state) : state_(std::move(state)) {}
    Awaiter(const Awaiter&) = delete;
    Awaiter& operator=(const Awaiter&) = delete;
    ~Awaiter() { state_->waiter = {}; }
    [[nodiscard]] bool await_ready() const noexcept { return state_->result.has_value(); }
    void await_suspend(std::coroutine_handle<> waiter) noexcept { state_->waiter = waiter; }
    base::Result<T> await_resume() { return std::move(*state_->result); }

   private:
    std::shared_ptr<State> state_;
  };
  // co_await gives the Result.
  [[nodiscard]] Awaiter result() const { return Awaiter(state_); }

 private:
  std::shared_ptr<State> state_;
};

}  // namespace mcpbox::loop
