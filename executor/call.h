// A forked spare: one job, then the end of the process.
#pragma once

#include "executor/python.h"
#include "privsep/base/error.h"

namespace mcpbox::executor {

// Exit status of a call child.  Those of jail::CallStep (80..85) mean that it refused to start.
enum class CallExit : int {
  kAnswered = 0,
  kUnused = 0,     // the monitor closed the link before giving a job
  kBadJob = 70,    // a frame that is not a job, or jobs in the wrong order
  kNoAnswer = 71,  // the interpreter failed, or the answer could not be sent
  kRefused = 72,   // the monitor was told why, in an error reply
};

// Serves `link` (a stream socket to the monitor, already in the jail): either one Compile, or one Prepare and
// then one Go; blocking, read(2) and write(2) only.
[[nodiscard]] CallExit serve_call(Python& python, int link);

}  // namespace mcpbox::executor
