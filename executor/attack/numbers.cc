// Runs in [attack] and its children.  Every number is tried; what is not in answered.h must be death.
#include <sys/syscall.h>

#include <array>
#include <set>

#include "executor/attack/answered.h"
#include "executor/attack/corpus.h"
#include "privsep/jail/filter_check.h"

namespace mcpbox::attack {
namespace {

constexpr int kNumbers = 512;  // beyond the last call of any kernel we know
constexpr int kLongNumbers = 1024;
constexpr int kAnotherSocket = 3;  // the child's own

// No address, flag, signal or identifier that any kernel accepts: where a call should get through, it fails.
constexpr long kNonsense = -1;

// As a path it is too long, as a number of seconds, a flag set or a size it is refused.
constexpr std::array<char, 4200> make_garbage() {
  std::array<char, 4200> garbage{};
  garbage.fill('\xff');
  return garbage;
}
constexpr std::array<char, 4200> kGarbage = make_garbage();

bool may_end_it(long number) { return number == SYS_exit_group || number == SYS_fork || number == SYS_vfork; }

Attempt as_attempt(const AnsweredCall& row) {
  return {.name = row.name,
          .attempt = [call = row.call](const Ground&) { return make(call); },
          .expected = row.expected,
          .alone = may_end_it(row.call.number)};
}

std::set<long> answered_numbers() {
  std::set<long> numbers;
  for (const AnsweredCall& row : reaching_calls()) numbers.insert(row.call.number);
  for (const AnsweredCall& row : refused_calls()) numbers.insert(row.call.number);
  for (const PassedCall& row : passed_calls()) numbers.insert(row.number);
  return numbers;
}

std::string label(int number) {
  return "system call " + std::to_string(number) + ", " + jail::name_of_call(number);
}

void add_number(Attempts& into, int number, Corpus corpus) {
  constexpr long n = kNonsense;
  const std::string name = label(number);
  const auto add = [&into, &name](const char* with, const Call& call) {
    into.push_back(deadly(name + with, [call](const Ground&) { return make(call); }));
  };
  add("", {number, n, n, n, n, n, n});
  if (corpus == Corpus::kShort) return;
  const long garbage = reinterpret_cast<long>(kGarbage.data());
  add(" with zeros", {number, 0, 0, 0, 0, 0, 0});
  add(" with addresses", {number, garbage, garbage, garbage, garbage, garbage, garbage});
  add(" with its socket", {number, kAnotherSocket, garbage, 0, n, n, n});
}

// What stage 1 allows whatever the arguments are, and what would end or block the child.
constexpr long kZygoteNeeds[] = {
    SYS_read,
    SYS_write,
    SYS_close,
    SYS_poll,
    SYS_restart_syscall,
    SYS_brk,
    SYS_munmap,
    SYS_getpid,
    SYS_gettid,
    SYS_gettimeofday,
    SYS_time,
    SYS_getrandom,
    SYS_exit,
    SYS_exit_group,
    SYS_getppid,
    SYS_close_range,
    SYS_wait4,
    SYS_waitid,
    SYS_recvmsg,
    SYS_sendmsg,
    SYS_pidfd_open,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_landlock_restrict_self,
    SYS_pread64,
};

}  // namespace

void add_numbers(Attempts& into, Corpus corpus) {
  for (const AnsweredCall& row : reaching_calls()) into.push_back(as_attempt(row));
  for (const AnsweredCall& row : refused_calls()) into.push_back(as_attempt(row));
  for (const PassedCall& row : passed_calls())
    into.push_back({.name = row.name,
                    .attempt = [number = row.number](const Ground&) { return make({number}); },
                    .expected = row.expected,
                    .alone = true});
  const std::set<long> answered = answered_numbers();
  const int numbers = corpus == Corpus::kShort ? kNumbers : kLongNumbers;
  for (int number = 0; number < numbers; ++number)
    if (!answered.contains(number)) add_number(into, number, corpus);
}

Attempts against_zygote_jail() {
  std::set<long> skipped(std::begin(kZygoteNeeds), std::end(kZygoteNeeds));
  for (const PassedCall& row : passed_calls()) skipped.insert(row.number);
  Attempts attempts;
  constexpr long n = kNonsense;
  for (int number = 0; number < kNumbers; ++number)
    if (!skipped.contains(number))
      attempts.push_back(harmless(
          label(number) + " in the zygote",
          [number](const Ground&) { return make({number, n, n, n, n, n, n}); }, refused(EPERM)));
  return attempts;
}

Attempts against_call_jail(Corpus corpus) {
  Attempts attempts;
  add_numbers(attempts, corpus);
  add_arguments(attempts, corpus);
  add_others(attempts, corpus);
  add_belongings(attempts, corpus);
  add_machine(attempts, corpus);
  return attempts;
}

Attempts rehearsal() {
  Attempts attempts;
  add_belongings(attempts, Corpus::kShort);
  add_others(attempts, Corpus::kShort);
  std::erase_if(attempts, [](const Attempt& attempt) { return attempt.alone; });
  return attempts;
}

}  // namespace mcpbox::attack
