// Runs in every process with an event loop.  Each C callback is three lines: recover, keep alive, call.
#include "privsep/loop/loop.h"

#include <event2/event.h>

namespace mcpbox::loop {
namespace {

using Action = std::function<void()>;

timeval after(std::int64_t milliseconds) {
  return {static_cast<time_t>(milliseconds / 1000), static_cast<suseconds_t>(milliseconds % 1000 * 1000)};
}

// The copy keeps the action alive when it destroys the object that holds it.
void on_event(evutil_socket_t /*fd*/, short /*what*/, void* context) {
  const Action action = *static_cast<Action*>(context);
  action();
}

EventHandle made(event* raw) {
  if (raw == nullptr) PANIC("out of memory for an event");
  return EventHandle(raw);
}

}  // namespace

Loop::Loop()
    : base_(event_base_new()),
      run_soon_([this] { run_soon(); }),
      soon_event_(made(event_new(base_.get(), -1, 0, on_event, &run_soon_))) {}

// What an action adds runs in the next turn, so that events are not starved.
void Loop::run_soon() {
  for (const Action& action : std::exchange(soon_, {})) action();
}

void Loop::run() { event_base_loop(base_.get(), EVLOOP_NO_EXIT_ON_EMPTY); }

void Loop::stop() { event_base_loopbreak(base_.get()); }

void Loop::soon(std::function<void()> action) {
  soon_.push_back(std::move(action));
  event_active(soon_event_.get(), EV_TIMEOUT, 0);
}

Task<Nothing> Loop::sleep(std::int64_t milliseconds) {
  Later<Nothing> later;
  Timer timer(*this, [later]() mutable { later.resolve(Nothing{}); });
  timer.start(milliseconds);
  co_return co_await later.result();
}

Watch::Watch(Loop& loop, int fd, Ready when, std::function<void()> action)
    : action_(std::make_shared<Action>(std::move(action))),
      event_(made(event_new(loop.raw(), fd, static_cast<short>(static_cast<short>(when) | EV_PERSIST),
                            on_event, action_.get()))) {}

void Watch::enable() {
  if (!enabled_) event_add(event_.get(), nullptr);
  enabled_ = true;
}

void Watch::disable() {
  if (enabled_) event_del(event_.get());
  enabled_ = false;
}

Timer::Timer(Loop& loop, std::function<void()> action)
    : action_(std::make_shared<Action>(std::move(action))),
      event_(made(event_new(loop.raw(), -1, 0, on_event, action_.get()))) {}

void Timer::start(std::int64_t milliseconds) {
  const timeval when = after(milliseconds);
  event_add(event_.get(), &when);
}

void Timer::stop() { event_del(event_.get()); }

SignalWatch::SignalWatch(Loop& loop, int signal, std::function<void()> action)
    : action_(std::make_shared<Action>(std::move(action))),
      event_(made(event_new(loop.raw(), signal, EV_SIGNAL | EV_PERSIST, on_event, action_.get()))) {
  event_add(event_.get(), nullptr);
}

}  // namespace mcpbox::loop
