// How mcpboxctl ends.  Scripts rely on these numbers; `mcpboxctl help` prints them.
#pragma once

namespace mcpbox::ctl {

enum class Exit : int {
  kOk = 0,
  kRefused = 1,       // understood and not done
  kUsage = 2,         // the command line makes no sense
  kUnreachable = 3,   // no daemon answers at the control socket
  kNotFound = 4,      // no such tool
  kConflict = 5,      // the tool has changed since it was shown
  kNotPermitted = 6,  // this user may not decide
  kUnhealthy = 7,     // status: something that must be on is not; doctor: a problem was found
};

}  // namespace mcpbox::ctl
