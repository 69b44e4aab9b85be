// The process [attack]: the executor's own program, started by the launcher as a zygote is, in a jail that is
// made by the zygote's own code.  It initialises no Python and serves nobody: it attacks, answers, and ends.
#pragma once

#include "executor/attack/corpus.h"
#include "executor/attack/runner.h"
#include "policy/layers.h"
#include "privsep/base/error.h"
#include "privsep/jail/call.h"
#include "privsep/protocol/messages_attack.h"

namespace mcpbox::attack {

// main() of `mcpbox-executor --role attack`.
int run(int argc, char** argv);

// Both attacks, from a process that is in the zygote's jail: on the jail of its calls, and, where the
// zygote's own filter is on, on that filter alone.
[[nodiscard]] base::Result<protocol::AttackReport> attack_jail(const jail::CallJail& calls,
                                                               policy::Layers layers, Corpus corpus);

// In a zygote before it serves: the first child that it forks looks what it holds.  An error names the first
// hole, if there is one, to the log.
//   entered  what jail::enter() said: passed on, unless the rehearsal finds a hole
[[nodiscard]] base::Result<policy::Layers> rehearsed(const jail::CallJail& calls,
                                                     base::Result<policy::Layers> entered);

}  // namespace mcpbox::attack
