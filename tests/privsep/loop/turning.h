// Turns a loop by hand until something has happened.
#pragma once

#include <event2/event.h>

#include "privsep/loop/loop.h"

namespace mcpbox::loop::testing {

// Turns the loop until `happened()`; false when it has not within ten seconds, which no working test needs.
inline bool turn_until(Loop& loop, auto happened) {
  bool late = false;
  Timer guard(loop, [&late] { late = true; });
  guard.start(10'000);
  while (!happened() && !late) event_base_loop(loop.raw(), EVLOOP_ONCE);
  return happened();
}

// Lets everything happen that is ready to happen.
inline void turn_while_busy(Loop& loop) {
  for (int turns = 0; turns < 64; ++turns) event_base_loop(loop.raw(), EVLOOP_NONBLOCK);
}

}  // namespace mcpbox::loop::testing
