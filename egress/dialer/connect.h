// One TCP connection to one of these addresses.
#pragma once

#include <cstdint>
#include <vector>

#include "policy/addresses.h"
#include "privsep/base/fd.h"
#include "privsep/loop/loop.h"

namespace mcpbox::dialer {

struct Connection {
  base::Fd socket;
  policy::Address to;
};

// Tries them in order, the next one as soon as one fails, or after a while without an answer.  Each address
// is used as it is: nothing is looked up between the decision and connect().
//   kTimeout  nobody answered in time;  kBroken  the last one's refusal
loop::Task<Connection> connect_to_one(loop::Loop& loop, std::vector<policy::Address> addresses,
                                      std::uint16_t port, std::int64_t patience_ms);

}  // namespace mcpbox::dialer
