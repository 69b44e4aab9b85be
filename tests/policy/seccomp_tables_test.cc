// The tables of policy/seccomp_*.cc: what they say (golden file), and that the programs made from them say
// the same.
#include "policy/syscall_tables.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "privsep/jail/bpf_evaluator.h"
#include "privsep/jail/seccomp.h"

namespace mcpbox {
namespace {

using policy::Effect;
using policy::SyscallRule;
using policy::SyscallTable;
using policy::Term;
using Arguments = jail::CallArguments;
using jail::BpfEvaluator;

constexpr int kLastNumber = 600;  // beyond the last call of any kernel we know
constexpr int kX32Bit = 0x40000000;
constexpr std::uint64_t kCpuClockOfOne = 0xfffffff2;  // ~1 << 3 | 2, as an int: clock_getcpuclockid(1)
constexpr std::uint64_t kMinusOne = ~std::uint64_t{0};

const SyscallTable* const kTables[] = {
    &policy::kMonitorCalls,  &policy::kMonitorTcpCalls, &policy::kGatewayCalls,
    &policy::kAdminCalls,    &policy::kZygoteCalls,     &policy::kCallCalls,
    &policy::kPasswordCalls, &policy::kEgressCalls,     &policy::kDialerCalls};

std::uint32_t action(policy::Then then) {
  if (then.effect == Effect::kAllow) return SECCOMP_RET_ALLOW;
  if (then.effect == Effect::kKill) return SECCOMP_RET_KILL_PROCESS;
  return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(then.fail_errno);
}

bool holds(const Term& term, const Arguments& arguments) {
  return (arguments.at(term.argument) & term.mask) == term.value;
}

bool holds(const SyscallRule& rule, const Arguments& arguments) {
  for (const Term& term : rule.only_if.terms)
    if (!holds(term, arguments)) return false;
  return true;
}

// What the table says, read the way syscall_rule.h describes it.
std::uint32_t meaning(const SyscallTable& table, int number, const Arguments& arguments) {
  for (const SyscallRule& rule : table.rules)
    if (rule.call == number && holds(rule, arguments)) return action(rule.then);
  return action(table.otherwise);
}

Arguments satisfying(const SyscallRule& rule) {
  Arguments arguments{};
  for (const Term& term : rule.only_if.terms)
    if (term.mask != 0) arguments.at(term.argument) |= term.value;
  return arguments;
}

// Arguments around the edges of every condition: all met, and each term broken by one bit, for each bit it
// looks at.
std::vector<Arguments> edges(const SyscallTable& table, int number) {
  std::vector<Arguments> all{Arguments{},
                             Arguments{kMinusOne, kMinusOne, kMinusOne, kMinusOne, kMinusOne, kMinusOne}};
  for (const SyscallRule& rule : table.rules) {
    if (rule.call != number) continue;
    all.push_back(satisfying(rule));
    for (const Term& term : rule.only_if.terms) {
      if (term.mask == 0) continue;
      for (int bit = 0; bit < 64; ++bit) {
        Arguments broken = satisfying(rule);
        broken.at(term.argument) ^= std::uint64_t{1} << bit;
        all.push_back(broken);
      }
    }
  }
  return all;
}

std::vector<sock_filter> program_of(const SyscallTable& table) {
  base::Result<std::vector<sock_filter>> program = jail::compile(table);
  EXPECT_TRUE(program.has_value()) << table.name << ": " << (program ? "" : program.error().text);
  return program ? *program : std::vector<sock_filter>{};
}

std::string name_of(int call) {
  char* name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_X86_64, call);
  const std::string text = name != nullptr ? name : "?";
  std::free(name);
  return text;
}

std::string words(policy::Then then) {
  if (then.effect == Effect::kAllow) return "allow";
  if (then.effect == Effect::kKill) return "kill";
  return std::string("fail ") + strerrorname_np(then.fail_errno);
}

std::string words(const Term& term) {
  std::ostringstream out;
  out << " arg" << int{term.argument} << std::hex;
  if (term.mask != policy::kWord) out << "&0x" << term.mask;
  out << "==0x" << term.value;
  return out.str();
}

std::string listing() {
  std::ostringstream out;
  for (const SyscallTable* table : kTables) {
    std::set<std::string> lines;
    for (const SyscallRule& rule : table->rules) {
      std::string line = "  " + words(rule.then) + " " + name_of(rule.call);
      for (const Term& term : rule.only_if.terms)
        if (term.mask != 0) line += words(term);
      lines.insert(line);
    }
    out << table->name << ": otherwise " << words(table->otherwise) << "\n";
    for (const std::string& line : lines) out << line << "\n";
  }
  return out.str();
}

// A wider table is a one-line difference here, which whoever reviews it cannot miss.
TEST(SeccompTables, SayWhatTheGoldenListingSays) {
  std::ifstream file(MCPBOX_SOURCE_DIR "/tests/policy/seccomp_tables.txt");
  std::stringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(listing(), golden.str()) << "if the change is meant, this is the new seccomp_tables.txt:\n"
                                     << listing();
}

TEST(SeccompTables, NameACallOnceWithoutConditionOrOnlyWithConditions) {
  for (const SyscallTable* table : kTables) {
    std::map<int, int> rows, unconditional;
    for (const SyscallRule& rule : table->rules) {
      ++rows[rule.call];
      if (rule.only_if.always()) ++unconditional[rule.call];
    }
    for (const auto& [call, count] : unconditional)
      EXPECT_EQ(rows[call], count) << table->name << " " << name_of(call);
    for (const auto& [call, count] : unconditional)
      EXPECT_EQ(count, 1) << table->name << " " << name_of(call);
  }
}

TEST(SeccompTables, GiveAReasonInEveryRow) {
  for (const SyscallTable* table : kTables)
    for (const SyscallRule& rule : table->rules)
      EXPECT_STRNE(rule.reason, "") << table->name << name_of(rule.call);
}

TEST(SeccompPrograms, AnswerEveryNumberAsTheTableSays) {
  for (const SyscallTable* table : kTables) {
    const std::vector<sock_filter> program = program_of(*table);
    const BpfEvaluator evaluator(program);
    for (int number = 0; number <= kLastNumber; ++number)
      for (const Arguments& arguments : edges(*table, number))
        ASSERT_EQ(evaluator.run(number, arguments), meaning(*table, number, arguments))
            << table->name << " " << name_of(number);
  }
}

TEST(SeccompPrograms, KillWhateverSpeaksAnotherArchitecture) {
  for (const SyscallTable* table : kTables) {
    const std::vector<sock_filter> program = program_of(*table);
    const BpfEvaluator evaluator(program);
    for (int number = 0; number <= kLastNumber; ++number) {
      ASSERT_EQ(evaluator.run(jail::made_up_call(number, {}, AUDIT_ARCH_I386)), SECCOMP_RET_KILL_PROCESS)
          << number;
      ASSERT_EQ(evaluator.run(number | kX32Bit, {}), SECCOMP_RET_KILL_PROCESS) << number;
    }
  }
}

// Whoever widens one of the two tables of the monitor widens what the other is for.
TEST(MonitorTables, DifferInTheDatabasesSocketAndInNothingElse) {
  const std::set<int> differing{SCMP_SYS(socket), SCMP_SYS(setsockopt), SCMP_SYS(sendto), SCMP_SYS(sendmsg)};
  for (int number = 0; number <= kLastNumber; ++number) {
    if (differing.contains(number)) continue;
    for (const Arguments& arguments : edges(policy::kMonitorTcpCalls, number))
      ASSERT_EQ(meaning(policy::kMonitorCalls, number, arguments),
                meaning(policy::kMonitorTcpCalls, number, arguments))
          << name_of(number);
  }
}

TEST(MonitorTables, LetOneKindOfDatabaseSocketBeMadeEach) {
  const auto answer = [](const SyscallTable& table, std::uint64_t family) {
    return meaning(table, SCMP_SYS(socket), {family, SOCK_STREAM | SOCK_CLOEXEC, 0, 0, 0, 0});
  };
  for (const int family : {AF_INET, AF_INET6}) {
    EXPECT_EQ(answer(policy::kMonitorCalls, static_cast<std::uint64_t>(family)),
              action(policy::fail(EACCES)));
    EXPECT_EQ(answer(policy::kMonitorTcpCalls, static_cast<std::uint64_t>(family)), SECCOMP_RET_ALLOW);
  }
  EXPECT_EQ(answer(policy::kMonitorCalls, AF_UNIX), SECCOMP_RET_ALLOW);
  EXPECT_EQ(answer(policy::kMonitorTcpCalls, AF_UNIX), action(policy::fail(EACCES)));
}

TEST(NetworkTables, LetOneProcessMakeSocketsAndNoneListen) {
  for (const SyscallTable* table : kTables)
    for (const int call : {SCMP_SYS(bind), SCMP_SYS(listen)})
      EXPECT_NE(meaning(*table, call, {}), SECCOMP_RET_ALLOW) << table->name;
  const auto make = [](std::uint64_t family, std::uint64_t type) {
    return meaning(policy::kDialerCalls, SCMP_SYS(socket), {family, type | SOCK_CLOEXEC, 0, 0, 0, 0});
  };
  EXPECT_EQ(make(AF_INET, SOCK_STREAM), SECCOMP_RET_ALLOW);
  EXPECT_EQ(make(AF_INET6, SOCK_DGRAM), SECCOMP_RET_ALLOW);
  for (const int family : {AF_PACKET, AF_VSOCK, AF_ALG, AF_BLUETOOTH})
    EXPECT_EQ(make(static_cast<std::uint64_t>(family), SOCK_STREAM), SECCOMP_RET_KILL_PROCESS) << family;
  EXPECT_EQ(make(AF_INET, SOCK_RAW), SECCOMP_RET_KILL_PROCESS);
  EXPECT_EQ(make(AF_UNIX, SOCK_DGRAM), SECCOMP_RET_KILL_PROCESS);
}

TEST(NetworkTables, LetEgressMakeAndConnectNothing) {
  for (const int call : {SCMP_SYS(socket), SCMP_SYS(connect), SCMP_SYS(openat), SCMP_SYS(clone),
                         SCMP_SYS(execve), SCMP_SYS(accept4)})
    for (const Arguments& arguments : edges(policy::kDialerCalls, call))
      EXPECT_NE(meaning(policy::kEgressCalls, call, arguments), SECCOMP_RET_ALLOW) << name_of(call);
}

// A socket that came off its peer, or a listener that was shut down, can be sent with this flag: the kernel
// then connects it, wherever its address says, in the network namespace that it was made in.  Neither a rule
// about connect(2) nor Landlock is asked.
TEST(NetworkTables, LetNobodyConnectBySending) {
  for (const SyscallTable* table :
       {&policy::kMonitorCalls, &policy::kMonitorTcpCalls, &policy::kGatewayCalls, &policy::kAdminCalls,
        &policy::kEgressCalls, &policy::kDialerCalls, &policy::kZygoteCalls, &policy::kCallCalls}) {
    for (const std::uint64_t flags : {std::uint64_t{0}, std::uint64_t{MSG_NOSIGNAL}}) {
      EXPECT_NE(meaning(*table, SCMP_SYS(sendmsg), {3, 0, flags | MSG_FASTOPEN, 0, 0, 0}), SECCOMP_RET_ALLOW)
          << table->name;
      EXPECT_NE(meaning(*table, SCMP_SYS(sendto), {3, 0, 0, flags | MSG_FASTOPEN, 0, 0}), SECCOMP_RET_ALLOW)
          << table->name;
    }
    EXPECT_NE(meaning(*table, SCMP_SYS(sendmmsg), {3, 0, 1, MSG_FASTOPEN, 0, 0}), SECCOMP_RET_ALLOW)
        << table->name;
  }
}

TEST(SeccompPrograms, AreShortEnoughToLoadForEveryCall) {
  EXPECT_LE(program_of(policy::kCallCalls).size(), 512u);
}

std::set<int> reachable(const SyscallTable& table) {
  std::set<int> calls;
  for (const SyscallRule& rule : table.rules)
    if (rule.then == policy::kAllow) calls.insert(rule.call);
  return calls;
}

TEST(CallTable, LetsAtMostTwentyFourCallsReachTheKernel) {
  EXPECT_LE(reachable(policy::kCallCalls).size(), 24u);
}

// Of two filters the stricter answer wins, so a call that stage 2 allows and stage 1 does not would fail.
TEST(ZygoteTable, AllowsWhateverTheCallTableAllows) {
  for (const SyscallRule& rule : policy::kCallCalls.rules) {
    if (rule.then != policy::kAllow) continue;
    EXPECT_EQ(meaning(policy::kZygoteCalls, rule.call, satisfying(rule)), SECCOMP_RET_ALLOW)
        << name_of(rule.call);
  }
}

// A kill in stage 1 would take away the errors that honest tools handle.
TEST(ZygoteTable, NeverKills) {
  EXPECT_EQ(policy::kZygoteCalls.otherwise.effect, Effect::kFail);
  for (const SyscallRule& rule : policy::kZygoteCalls.rules) EXPECT_NE(rule.then.effect, Effect::kKill);
}

struct Forbidden {
  const SyscallTable& table;
  int call;
  Arguments arguments;
  const char* attack;
};

TEST(SeccompPrograms, RefuseTheNearMissesOfWhatTheyAllow) {
  const std::uint64_t heap = MAP_PRIVATE | MAP_ANONYMOUS;
  const Forbidden cases[] = {
      {policy::kCallCalls, SCMP_SYS(mmap), {0, 4096, PROT_READ | PROT_EXEC, heap, kMinusOne, 0}, "new code"},
      {policy::kCallCalls,
       SCMP_SYS(mmap),
       {0, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, kMinusOne, 0},
       "sharing"},
      {policy::kCallCalls,
       SCMP_SYS(mmap),
       {0, 4096, PROT_READ, heap | MAP_FIXED, kMinusOne, 0},
       "overmapping"},
      {policy::kCallCalls, SCMP_SYS(mmap), {0, 4096, PROT_READ, MAP_PRIVATE, 3, 0}, "mapping a descriptor"},
      {policy::kCallCalls, SCMP_SYS(mremap), {0, 0, 0, MREMAP_MAYMOVE | MREMAP_FIXED, 0, 0}, "overmapping"},
      {policy::kCallCalls, SCMP_SYS(futex), {0, 6 | 128, 0, 0, 0, 0}, "priority inheritance"},
      {policy::kCallCalls, SCMP_SYS(futex), {0, 0, 0, 0, 0, 0}, "a futex shared with others"},
      {policy::kCallCalls, SCMP_SYS(madvise), {0, 4096, 14, 0, 0, 0}, "huge pages"},
      {policy::kCallCalls, SCMP_SYS(clock_gettime), {kCpuClockOfOne, 0, 0, 0, 0, 0}, "a sibling's CPU clock"},
      {policy::kCallCalls, SCMP_SYS(clock_getres), {kCpuClockOfOne, 0, 0, 0, 0, 0}, "whether it is there"},
      {policy::kCallCalls, SCMP_SYS(clock_nanosleep), {kCpuClockOfOne, 0, 0, 0, 0, 0}, "a timer on it"},
      {policy::kCallCalls, SCMP_SYS(clock_gettime), {16, 0, 0, 0, 0, 0}, "a clock nobody needs"},
      {policy::kZygoteCalls, SCMP_SYS(clock_gettime), {kCpuClockOfOne, 0, 0, 0, 0, 0}, "a call's CPU clock"},
      {policy::kCallCalls, SCMP_SYS(getrusage), {kMinusOne, 0, 0, 0, 0, 0}, "children's usage"},
      {policy::kGatewayCalls, SCMP_SYS(accept4), {3, 0, 0, SOCK_NONBLOCK, 0, 0}, "an inheritable client"},
      {policy::kGatewayCalls, SCMP_SYS(sendto), {3, 0, 0, 0, 0x1000, 16}, "a datagram to an address"},
      {policy::kGatewayCalls, SCMP_SYS(mprotect), {0, 4096, PROT_READ | PROT_EXEC, 0, 0, 0}, "new code"},
      {policy::kGatewayCalls, SCMP_SYS(tgkill), {1, 1, SIGKILL, 0, 0, 0}, "killing"},
      {policy::kGatewayCalls,
       SCMP_SYS(setsockopt),
       {3, SOL_SOCKET, SO_ATTACH_FILTER, 0, 0, 0},
       "a socket filter"},
      {policy::kMonitorCalls, SCMP_SYS(socket), {AF_INET, SOCK_STREAM, 0, 0, 0, 0}, "a network"},
      {policy::kMonitorCalls,
       SCMP_SYS(socket),
       {AF_UNIX, SOCK_DGRAM, 0, 0, 0, 0},
       "the machine's log socket"},
      {policy::kMonitorTcpCalls,
       SCMP_SYS(socket),
       {AF_INET, SOCK_DGRAM, 0, 0, 0, 0},
       "a datagram to anybody"},
      {policy::kMonitorTcpCalls, SCMP_SYS(socket), {AF_INET, SOCK_RAW, 0, 0, 0, 0}, "forged packets"},
      {policy::kMonitorTcpCalls,
       SCMP_SYS(socket),
       {AF_INET, SOCK_STREAM, IPPROTO_MPTCP, 0, 0, 0},
       "a TCP that Landlock does not see"},
      {policy::kMonitorTcpCalls, SCMP_SYS(socket), {AF_UNIX, SOCK_STREAM, 0, 0, 0, 0}, "a local service"},
      {policy::kMonitorTcpCalls,
       SCMP_SYS(sendmsg),
       {3, 0, MSG_NOSIGNAL | MSG_FASTOPEN, 0, 0, 0},
       "connecting without connect"},
      {policy::kMonitorTcpCalls, SCMP_SYS(sendto), {3, 0, 0, MSG_FASTOPEN, 0, 0}, "the same"},
      {policy::kMonitorTcpCalls, SCMP_SYS(sendto), {3, 0, 0, 0, 0x1000, 16}, "a datagram to an address"},
      {policy::kMonitorTcpCalls,
       SCMP_SYS(setsockopt),
       {3, IPPROTO_TCP, TCP_REPAIR, 0, 0, 0},
       "a made-up connection"},
      {policy::kMonitorTcpCalls, SCMP_SYS(bind), {3, 0, 16, 0, 0, 0}, "listening"},
      {policy::kMonitorTcpCalls, SCMP_SYS(listen), {3, 1, 0, 0, 0, 0}, "listening"},
      {policy::kMonitorCalls, SCMP_SYS(pidfd_send_signal), {3, SIGSTOP, 0, 0, 0, 0}, "stopping"},
      {policy::kZygoteCalls, SCMP_SYS(clone), {CLONE_VM | CLONE_THREAD, 0, 0, 0, 0, 0}, "a thread"},
      {policy::kZygoteCalls, SCMP_SYS(clone), {CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0, 0}, "a user namespace"},
      {policy::kZygoteCalls, SCMP_SYS(prlimit64), {7, 0, 0, 0, 0, 0}, "a sibling's limits"},
      {policy::kZygoteCalls,
       SCMP_SYS(seccomp),
       {SECCOMP_SET_MODE_FILTER, 8, 0, 0, 0, 0},
       "a listener for calls"},
      {policy::kZygoteCalls, SCMP_SYS(socketpair), {AF_INET, SOCK_STREAM, 0, 0, 0, 0}, "a network"},
      {policy::kPasswordCalls,
       SCMP_SYS(mmap),
       {0, 4096, PROT_READ, MAP_PRIVATE, 3, 0},
       "mapping a descriptor"},
      {policy::kPasswordCalls, SCMP_SYS(recvmsg), {3, 0, 0, 0, 0, 0}, "receiving a descriptor"},
  };
  for (const Forbidden& one : cases) {
    const std::vector<sock_filter> program = program_of(one.table);
    EXPECT_NE(BpfEvaluator(program).run(one.call, one.arguments), SECCOMP_RET_ALLOW)
        << one.table.name << " " << name_of(one.call) << ": " << one.attack;
  }
}

// libseccomp would let the row without condition swallow the others; compile() must not let that pass unseen.
TEST(SeccompCompile, RefusesARowThatOnlyRepeatsTheTablesOwnAnswer) {
  constexpr SyscallRule kRules[] = {{SCMP_SYS(read), policy::fail(EPERM), {}, "repeats"}};
  const SyscallTable table{.name = "bad", .otherwise = policy::fail(EPERM), .rules = kRules};
  EXPECT_FALSE(jail::compile(table).has_value());
}

}  // namespace
}  // namespace mcpbox
