// How much of the machine a benchmark takes.
#pragma once

namespace mcpbox::bench {

// Real time: everything started from here on inherits it, both sides of every ratio alike.  What else the
// machine does then costs a figure its cache, but never a time slice.
void run_ahead_of_others();

// Ordinary, a little ahead.  Processes that compute without end must not run at real time: they would leave
// nothing for the one that ends them.
void run_like_others();

}  // namespace mcpbox::bench
