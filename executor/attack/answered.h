// What a call child may ask of the kernel and gets an answer for, one line a call.  Every other number is
// death. This list is written by hand, apart from the filter's own (policy/seccomp_call.cc), so that one
// checks the other; docs/kernel-surface.md is printed from it.
#pragma once

#include "executor/attack/attempt.h"

namespace mcpbox::attack {

struct AnsweredCall {
  const char* name;
  Call call;          // arguments that change nothing, whatever the kernel does with them
  Expected expected;  // the answer to exactly these arguments
  const char* why;
};

// Those that reach the kernel's own code.
[[nodiscard]] std::span<const AnsweredCall> reaching_calls();
// Those that the filter answers itself, with the error that honest code handles.
[[nodiscard]] std::span<const AnsweredCall> refused_calls();

// Calls that recent kernels let through every filter, on purpose, and that do nothing outside a uprobe.
struct PassedCall {
  const char* name;
  int number;
  Expected expected;
  const char* why;
};
[[nodiscard]] std::span<const PassedCall> passed_calls();

}  // namespace mcpbox::attack
