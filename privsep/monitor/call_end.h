// What became of a call, in words that a language model can act on.  Pure.
#pragma once

#include "privsep/monitor/calls.h"

namespace mcpbox::monitor {

// The result that the caller gets: the child's own answer, or an explanation of why there is none.
protocol::CallResult conclude(const Call& call, base::Result<protocol::Outcome>& outcome,
                              const base::Result<protocol::SpareEnded>& ending);

// It ran, but the audit could not take the outcome.
protocol::CallResult unrecorded(const Call& call);

}  // namespace mcpbox::monitor
