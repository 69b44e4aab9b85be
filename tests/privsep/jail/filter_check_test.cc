// Filters that are not what their tables say: a condition lost, a row lost, an answer changed.  Each must be
// noticed before the program is loaded; and by the kernel's answers, where an answer leaves the asker alive.
#include "privsep/jail/filter_check.h"

#include <gtest/gtest.h>
#include <seccomp.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "policy/syscall_tables.h"
#include "privsep/jail/identity.h"
#include "privsep/jail/seccomp.h"

namespace mcpbox {
namespace {

using policy::Effect;
using policy::SyscallRule;
using policy::SyscallTable;
using Rules = std::vector<SyscallRule>;

const SyscallTable* const kTables[] = {
    &policy::kMonitorCalls, &policy::kMonitorTcpCalls, &policy::kGatewayCalls, &policy::kAdminCalls,
    &policy::kZygoteCalls,  &policy::kCallCalls,       &policy::kPasswordCalls};

Rules rules_of(const SyscallTable& table) { return {table.rules.begin(), table.rules.end()}; }

SyscallTable with(const SyscallTable& table, const Rules& rules) {
  return {.name = table.name, .otherwise = table.otherwise, .rules = rules};
}

SyscallRule without_term(const SyscallRule& row, std::size_t dropped) {
  SyscallRule less = row;
  less.only_if = {};
  std::size_t next = 0;
  for (std::size_t i = 0; i < row.only_if.terms.size(); ++i)
    if (i != dropped && row.only_if.terms[i].mask != 0) less.only_if.terms[next++] = row.only_if.terms[i];
  return less;
}

// Each table in which one row has lost one term of its condition, with the call that it is about.
template <class Look>
int each_lost_term(const SyscallTable& table, Look look) {
  int count = 0;
  for (std::size_t at = 0; at < table.rules.size(); ++at)
    for (std::size_t term = 0; term < policy::kMaxTerms; ++term) {
      if (table.rules[at].only_if.terms[term].mask == 0) continue;
      Rules rules = rules_of(table);
      rules[at] = without_term(rules[at], term);
      look(with(table, rules), table.rules[at]);
      ++count;
    }
  return count;
}

std::string name(const SyscallTable& table, const SyscallRule& row) {
  return std::string(table.name) + ": " + jail::name_of_call(row.call) + " (" + row.reason + ")";
}

// -1 also for a table that libseccomp refuses to translate: that stops the start, too.
int noticed_in(const SyscallTable& wrong, const SyscallTable& right) {
  const base::Result<std::vector<sock_filter>> program = jail::compile(wrong);
  return program ? jail::first_difference(*program, right) : wrong.rules.front().call;
}

TEST(FilterCheck, AgreesWithEveryProgramThatIsMadeFromItsTable) {
  for (const SyscallTable* table : kTables)
    EXPECT_EQ(jail::first_difference(*jail::compile(*table), *table), -1) << table->name;
}

TEST(FilterCheck, NoticesAnyConditionThatIsLostAndNamesItsCall) {
  int tried = 0;
  for (const SyscallTable* table : kTables)
    tried += each_lost_term(*table, [&](const SyscallTable& wrong, const SyscallRule& row) {
      const base::Result<std::vector<sock_filter>> program = jail::compile(wrong);
      if (!program)
        return;  // libseccomp refuses two rows that contradict each other: that stops the start, too
      EXPECT_EQ(jail::first_difference(*program, *table), row.call) << name(*table, row);
    });
  EXPECT_GT(tried, 100);
}

TEST(FilterCheck, NoticesAnyRowThatIsLostAndNamesItsCall) {
  for (const SyscallTable* table : kTables)
    for (std::size_t at = 0; at < table->rules.size(); ++at) {
      Rules rules = rules_of(*table);
      rules.erase(rules.begin() + static_cast<std::ptrdiff_t>(at));
      EXPECT_EQ(noticed_in(with(*table, rules), *table), table->rules[at].call)
          << name(*table, table->rules[at]);
    }
}

TEST(FilterCheck, NoticesAnyCallThatIsAllowedOnTop) {
  for (const SyscallTable* table : kTables) {
    Rules rules = rules_of(*table);
    rules.push_back({SCMP_SYS(ptrace), policy::kAllow, {}, "an attacker's"});
    EXPECT_EQ(noticed_in(with(*table, rules), *table), SCMP_SYS(ptrace)) << table->name;
  }
}

TEST(FilterCheck, NoticesAProgramThatServesAnotherArchitecture) {
  std::vector<sock_filter> program = *jail::compile(policy::kCallCalls);
  // The first comparison is the one with the architecture: let both ways go on.
  for (sock_filter& step : program)
    if (step.code == (BPF_JMP | BPF_JEQ | BPF_K) && step.k == AUDIT_ARCH_X86_64) {
      step.jt = step.jf = std::min(step.jt, step.jf);
      break;
    }
  EXPECT_NE(jail::first_difference(program, policy::kCallCalls), -1);
}

// What a process under `wrong` finds when it looks whether `right` is in force: the call's name, "" for
// nothing.
std::string found_inside(const SyscallTable& wrong, const SyscallTable& right) {
  const base::Result<std::vector<sock_filter>> program = jail::compile(wrong);
  if (!program) return "refused by libseccomp";
  int told[2];
  EXPECT_EQ(::pipe(told), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    if (!jail::forbid_new_privileges() || jail::load_filter(*program) != 0) ::_exit(2);
    const base::Result<void> holds = jail::verify_filter(right);
    const char* const about = holds ? "" : holds.error().about;
    ::_exit(::write(told[1], about, std::strlen(about)) < 0 ? 3 : 0);
  }
  ::close(told[1]);
  char name[64] = {};
  const ssize_t length = ::read(told[0], name, sizeof name - 1);
  ::close(told[0]);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  if (WIFSIGNALED(status)) return "killed";
  return length < 0 ? "unreadable" : name;
}

TEST(FilterInForce, IsConfirmedFromInsideForEveryTable) {
  for (const SyscallTable* table : kTables) EXPECT_EQ(found_inside(*table, *table), "") << table->name;
}

// Stage 1 refuses and does not kill, so each of its conditions can be tried in the zygote itself.
TEST(FilterInForce, LacksNoConditionOfStageOneWithoutTheZygoteNoticing) {
  const int tried =
      each_lost_term(policy::kZygoteCalls, [](const SyscallTable& wrong, const SyscallRule& row) {
        const std::string found = found_inside(wrong, policy::kZygoteCalls);
        if (found != "refused by libseccomp") {
          EXPECT_EQ(found, jail::name_of_call(row.call)) << name(policy::kZygoteCalls, row);
        }
      });
  EXPECT_GT(tried, 20);
}

// Not the call's: a call child looks with one call only (call.cc), and some of its errors are what the kernel
// says of descriptors that are not there.
TEST(FilterInForce, RefusesWhatItsRowsRefuseOrTheProcessNotices) {
  for (const SyscallTable* table : kTables)
    for (std::size_t at = 0; at < table->rules.size(); ++at) {
      const SyscallRule& row = table->rules[at];
      if (row.then.effect != Effect::kFail || table == &policy::kCallCalls) continue;
      Rules rules = rules_of(*table);
      rules[at].then = policy::kAllow;
      EXPECT_EQ(found_inside(with(*table, rules), *table), jail::name_of_call(row.call)) << name(*table, row);
    }
}

// Each probe leads nowhere if it is let through: no pid, no descriptor, no address that exists.
TEST(FilterProbes, TouchNothingThatExists) {
  for (const SyscallTable* table : kTables)
    for (const jail::Probe& probe : jail::probes(*table)) {
      EXPECT_GT(probe.expected_errno, 0);
      EXPECT_EQ(jail::answer(*table, probe.call, probe.arguments), policy::fail(probe.expected_errno));
      if (probe.call != SCMP_SYS(kill)) continue;
      EXPECT_EQ(probe.arguments[0], 0x7fffffffu) << "somebody could be hit";
    }
}

}  // namespace
}  // namespace mcpbox
