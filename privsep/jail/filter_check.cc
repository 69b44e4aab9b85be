// Runs in every daemon at the door of its jail.  Trusts the table, neither libseccomp nor the kernel's yes.
#include "privsep/jail/filter_check.h"

#include <seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

namespace mcpbox::jail {
namespace {

using policy::Condition;
using policy::Effect;
using policy::SyscallRule;
using policy::SyscallTable;
using policy::Term;
using policy::Then;

constexpr int kBeyondLastCall = 600;  // no kernel we know has as many
constexpr int kX32 = 0x40000000;
constexpr std::uint64_t kNowhere = 0x7fffffff;  // nobody's pid, no descriptor, not mapped, not aligned
constexpr int kBits = 64;

std::uint32_t action(Then then) {
  if (then.effect == Effect::kAllow) return SECCOMP_RET_ALLOW;
  if (then.effect == Effect::kKill) return SECCOMP_RET_KILL_PROCESS;
  return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(then.fail_errno);
}

bool holds(const Condition& condition, const CallArguments& arguments) {
  return std::ranges::all_of(condition.terms, [&](const Term& term) {
    return (arguments.at(term.argument) & term.mask) == term.value;
  });
}

// Arguments that meet the condition; those that it does not look at are `otherwise`.
CallArguments meeting(const Condition& condition, std::uint64_t otherwise) {
  CallArguments arguments{};
  arguments.fill(otherwise);
  for (const Term& term : condition.terms)
    if (term.mask != 0) arguments.at(term.argument) = 0;
  for (const Term& term : condition.terms) arguments.at(term.argument) |= term.value;
  return arguments;
}

// Calls `look` with each set of arguments that breaks exactly one bit of one term, the highest first: of all
// the ways not to meet a condition those mean least to the kernel.
template <class Look>
void each_break(const Condition& condition, const Term& term, std::uint64_t otherwise, Look look) {
  for (int bit = kBits - 1; bit >= 0; --bit) {
    if ((term.mask >> bit & 1) == 0) continue;
    CallArguments broken = meeting(condition, otherwise);
    broken.at(term.argument) ^= std::uint64_t{1} << bit;
    look(broken);
  }
}

bool row_agrees(const BpfEvaluator& program, const SyscallTable& table, const SyscallRule& row) {
  bool same = true;
  const auto look = [&](const CallArguments& arguments) {
    same = same && program.run(row.call, arguments) == action(answer(table, row.call, arguments));
  };
  for (const std::uint64_t otherwise : {std::uint64_t{0}, ~std::uint64_t{0}}) {
    look(meeting(row.only_if, otherwise));
    for (const Term& term : row.only_if.terms)
      if (term.mask != 0) each_break(row.only_if, term, otherwise, look);
  }
  return same;
}

// The first way of breaking this one term that the table answers with an error.
std::optional<Probe> probe_of(const SyscallTable& table, const SyscallRule& row, const Term& term) {
  std::optional<Probe> found;
  each_break(row.only_if, term, kNowhere, [&](const CallArguments& broken) {
    const Then then = answer(table, row.call, broken);
    if (!found && then.effect == Effect::kFail)
      found = Probe{.call = row.call, .arguments = broken, .expected_errno = then.fail_errno};
  });
  return found;
}

bool gets_its_error(const Probe& probe) {
  const CallArguments& a = probe.arguments;
  const pid_t asker = ::getpid();
  errno = 0;
  const long got = ::syscall(probe.call, a[0], a[1], a[2], a[3], a[4], a[5]);
  const int error = errno;
  if (::getpid() != asker) ::_exit(0);  // a call that made a process was let through: this is the process
  return got == -1 && error == probe.expected_errno;
}

}  // namespace

Then answer(const SyscallTable& table, int call, const CallArguments& arguments) {
  for (const SyscallRule& row : table.rules)
    if (row.call == call && holds(row.only_if, arguments)) return row.then;
  return table.otherwise;
}

int first_difference(std::span<const sock_filter> program, const SyscallTable& table) {
  const BpfEvaluator evaluator(program);
  for (const SyscallRule& row : table.rules)
    if (!row_agrees(evaluator, table, row)) return row.call;
  for (int call = 0; call < kBeyondLastCall; ++call) {
    const bool named = std::ranges::any_of(table.rules, [&](const auto& row) { return row.call == call; });
    if (!named && evaluator.run(call, {}) != action(table.otherwise)) return call;
    if (evaluator.run(call | kX32, {}) != SECCOMP_RET_KILL_PROCESS) return call | kX32;
    if (evaluator.run(made_up_call(call, {}, AUDIT_ARCH_I386)) != SECCOMP_RET_KILL_PROCESS) return call;
  }
  return -1;
}

std::vector<Probe> probes(const SyscallTable& table) {
  std::vector<Probe> all;
  // A call that a table may leave to `otherwise`, and that every process could make before.
  if (const Then then = answer(table, SCMP_SYS(openat), {}); then.effect == Effect::kFail)
    all.push_back({SCMP_SYS(openat), meeting({}, kNowhere), then.fail_errno});
  for (const SyscallRule& row : table.rules) {
    if (row.then.effect == Effect::kFail)
      all.push_back({row.call, meeting(row.only_if, kNowhere), row.then.fail_errno});
    for (const Term& term : row.only_if.terms) {
      if (term.mask == 0) continue;
      if (const std::optional<Probe> probe = probe_of(table, row, term)) all.push_back(*probe);
    }
  }
  return all;
}

int first_not_in_force(const SyscallTable& table) {
  for (const Probe& probe : probes(table))
    if (!gets_its_error(probe)) return probe.call;
  return -1;
}

const char* name_of_call(int call) {
  const char* name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, call & ~kX32);
  return name != nullptr ? name : "a call without a name";
}

}  // namespace mcpbox::jail
