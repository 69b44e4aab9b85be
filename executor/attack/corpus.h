// The attempts, sorted by what they are after.  The short corpus runs at every start, so it takes a fraction
// of a second; the long one adds what costs minutes (`mcpboxctl doctor --long`).
//
//   numbers      every system call by its number                                    numbers.cc
//   arguments    the near misses of those that are let through by their arguments   arguments.cc
//   others       other processes: the sibling, the zygote, everybody                others.cc
//   belongings   descriptors, files, sockets, limits                                belongings.cc
//   machine      other ways into the kernel, and machine code of one's own          machine.cc
#pragma once

#include <vector>

#include "executor/attack/attempt.h"

namespace mcpbox::attack {

enum class Corpus : unsigned char { kShort, kLong };

using Attempts = std::vector<Attempt>;

void add_numbers(Attempts& into, Corpus corpus);
void add_arguments(Attempts& into, Corpus corpus);
void add_others(Attempts& into, Corpus corpus);
void add_belongings(Attempts& into, Corpus corpus);
void add_machine(Attempts& into, Corpus corpus);

// All of them: what a call child may try.
[[nodiscard]] Attempts against_call_jail(Corpus corpus);

// What a process tries that has taken over the zygote, or a call child whose own filter failed: all numbers
// but the ones that the zygote needs, under the zygote's filter alone.
[[nodiscard]] Attempts against_zygote_jail();

// The part that costs one fork: in each zygote at its start, for the child that it will really fork.
[[nodiscard]] Attempts rehearsal();

}  // namespace mcpbox::attack
