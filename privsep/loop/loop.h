// The event loop of a process: libevent's base with an owner, and the three things that processes wait for.
// C callbacks live in loop.cc only.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>

#include "privsep/base/handles.h"
#include "privsep/loop/task.h"

struct event;
struct event_base;
extern "C" void event_free(struct event*);
extern "C" void event_base_free(struct event_base*);

namespace mcpbox::loop {

using EventHandle = std::unique_ptr<event, base::FreeWith<event_free>>;

class Loop {
 public:
  // PANICs when the kernel gives no event base (start-up only).
  Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs until stop().
  void run();
  void stop();
  [[nodiscard]] event_base* raw() const { return base_.get(); }

  // Runs `action` once from the loop, after the events of this turn: for work that may destroy its caller.
  void soon(std::function<void()> action);

  // co_await loop.sleep(ms)
  Task<Nothing> sleep(std::int64_t milliseconds);

 private:
  void run_soon();

  std::unique_ptr<event_base, base::FreeWith<event_base_free>> base_;
  std::deque<std::function<void()>> soon_;
  std::function<void()> run_soon_;
  EventHandle soon_event_;
};

enum class Ready : short { kRead = 2, kWrite = 4 };  // EV_READ, EV_WRITE

// Calls `action` whenever the descriptor is ready, while enabled.  Does not own the descriptor.
// Level-triggered.  Destroying the watch from inside its action is allowed.
class Watch {
 public:
  Watch(Loop& loop, int fd, Ready when, std::function<void()> action);
  void enable();
  void disable();
  [[nodiscard]] bool enabled() const { return enabled_; }

 private:
  std::shared_ptr<std::function<void()>> action_;
  EventHandle event_;
  bool enabled_ = false;
};

// Calls `action` once, `milliseconds` after start(); restarting moves the deadline.
class Timer {
 public:
  Timer(Loop& loop, std::function<void()> action);
  void start(std::int64_t milliseconds);
  void stop();

 private:
  std::shared_ptr<std::function<void()>> action_;
  EventHandle event_;
};

// Calls `action` when the signal arrives.
class SignalWatch {
 public:
  SignalWatch(Loop& loop, int signal, std::function<void()> action);

 private:
  std::shared_ptr<std::function<void()>> action_;
  EventHandle event_;
};

}  // namespace mcpbox::loop
