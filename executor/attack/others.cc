// Runs in [attack] and its children.  Other processes: seeing, signalling, tracing, reading and slowing them.
// The one that may be harmed is the sibling, which was forked for it.
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <ctime>

#include "executor/attack/corpus.h"

namespace mcpbox::attack {
namespace {

constexpr int kEverySignal = 64;
constexpr long kPeek = 2;        // PTRACE_PEEKDATA: changes nothing, and needs an attached process
constexpr long kSameMemory = 1;  // KCMP_VM
constexpr long kOnlyAsk = 0;     // signal 0: is it there?

// include/linux/posix-timers.h: the CPU clock of a process is a negative number made of its
// number, ~pid << 3 | 2.
long cpu_clock_of(pid_t pid) { return -(static_cast<long>(pid) + 1) * 8 + 2; }

struct Against {
  const char* name;
  Try attempt;
  Expected expected;
};

// --- Seeing -------------------------------------------------------------------------------------------

const Against kSeeing[] = {
    {"CPU clock of the sibling",
     [](const Ground& g) { return make({SYS_clock_gettime, cpu_clock_of(g.sibling), 0}); }, kKilled},
    {"CPU clock of the zygote",
     [](const Ground& g) { return make({SYS_clock_gettime, cpu_clock_of(g.parent), 0}); }, kKilled},
    {"resolution of the sibling's CPU clock",
     [](const Ground& g) { return make({SYS_clock_getres, cpu_clock_of(g.sibling), 0}); }, kKilled},
    {"sleep on the sibling's CPU clock",
     [](const Ground& g) { return make({SYS_clock_nanosleep, cpu_clock_of(g.sibling), 0, 0, 0}); }, kKilled},
    {"prlimit64 of the sibling",
     [](const Ground& g) { return make({SYS_prlimit64, g.sibling, RLIMIT_CPU, 0, 0}); }, kKilled},
    {"process group of the sibling", [](const Ground& g) { return make({SYS_getpgid, g.sibling}); },
     refused(EACCES)},
    {"session of the sibling", [](const Ground& g) { return make({SYS_getsid, g.sibling}); },
     refused(EACCES)},
    {"cores of the sibling", [](const Ground& g) { return make({SYS_sched_getaffinity, g.sibling, 0, 0}); },
     refused(EACCES)},
    {"limits of the sibling",
     [](const Ground& g) { return make({SYS_prlimit64, g.sibling, RLIMIT_NOFILE, 0, 0}); }, refused(EPERM)},
    {"parent", [](const Ground&) { return make({SYS_getppid}); }, refused(EPERM)},
};

// --- Touching -----------------------------------------------------------------------------------------

const Against kTouching[] = {
    {"ptrace of the sibling", [](const Ground& g) { return make({SYS_ptrace, kPeek, g.sibling, 0, 0}); },
     kKilled},
    {"reading the sibling's memory",
     [](const Ground& g) {
       std::uint64_t copy = 0;
       const iovec here{&copy, sizeof copy};
       const iovec there{g.canary, sizeof copy};
       return make({SYS_process_vm_readv, g.sibling, reinterpret_cast<long>(&here), 1,
                    reinterpret_cast<long>(&there), 1, 0});
     },
     kKilled},
    {"writing the sibling's memory",
     [](const Ground& g) {
       std::uint64_t zero = 0;
       const iovec here{&zero, sizeof zero};
       const iovec there{g.canary, sizeof zero};
       return make({SYS_process_vm_writev, g.sibling, reinterpret_cast<long>(&here), 1,
                    reinterpret_cast<long>(&there), 1, 0});
     },
     kKilled},
    {"a handle on the sibling", [](const Ground& g) { return make({SYS_pidfd_open, g.sibling, 0}); },
     kKilled},
    {"a handle on the zygote", [](const Ground& g) { return make({SYS_pidfd_open, g.parent, 0}); }, kKilled},
    {"comparing with the sibling",
     [](const Ground& g) { return make({SYS_kcmp, g.parent, g.sibling, kSameMemory, 0, 0}); }, kKilled},
    {"the sibling's list of locks",
     [](const Ground& g) {
       long head = 0, length = 0;
       return make(
           {SYS_get_robust_list, g.sibling, reinterpret_cast<long>(&head), reinterpret_cast<long>(&length)});
     },
     kKilled},
    {"the sibling's scheduler", [](const Ground& g) { return make({SYS_sched_getscheduler, g.sibling}); },
     kKilled},
    {"the sibling's priority",
     [](const Ground& g) { return make({SYS_getpriority, PRIO_PROCESS, g.sibling}); }, kKilled},
    {"slowing the sibling",
     [](const Ground& g) { return make({SYS_setpriority, PRIO_PROCESS, g.sibling, 19}); }, kKilled},
    {"moving the sibling's pages",
     [](const Ground& g) { return make({SYS_move_pages, g.sibling, 0, 0, 0, 0, 0}); }, kKilled},
    {"a queued signal to the sibling",
     [](const Ground& g) { return make({SYS_rt_sigqueueinfo, g.sibling, 0, 0}); }, kKilled},
    {"waiting for the sibling", [](const Ground& g) { return make({SYS_wait4, g.sibling, 0, WNOHANG, 0}); },
     kKilled},
};

void add_rows(Attempts& into, std::span<const Against> rows) {
  for (const Against& row : rows)
    into.push_back({.name = row.name,
                    .attempt = row.attempt,
                    .expected = row.expected,
                    .alone = row.expected.contains(kKilled)});
}

// Every signal to the sibling; to the others only the question whether they are there.
void add_signals(Attempts& into) {
  for (int signal = 0; signal <= kEverySignal; ++signal) {
    const std::string name = "signal " + std::to_string(signal) + " to the sibling by ";
    into.push_back(harmless(
        name + "kill", [signal](const Ground& g) { return make({SYS_kill, g.sibling, signal}); },
        refused(EPERM)));
    into.push_back(harmless(
        name + "tkill", [signal](const Ground& g) { return make({SYS_tkill, g.sibling, signal}); },
        refused(EPERM)));
    into.push_back(harmless(
        name + "tgkill",
        [signal](const Ground& g) { return make({SYS_tgkill, g.sibling, g.sibling, signal}); },
        refused(EPERM)));
  }
  into.push_back(harmless(
      "a signal to the zygote", [](const Ground& g) { return make({SYS_kill, g.parent, kOnlyAsk}); },
      refused(EPERM)));
  for (const long everybody : {0L, 1L, -1L})
    into.push_back(harmless(
        "a signal to " + std::to_string(everybody),
        [everybody](const Ground&) { return make({SYS_kill, everybody, kOnlyAsk}); }, refused(EPERM)));
}

// Every number that a process of this zygote may have, as a question whether it is there.
void add_census(Attempts& into) {
  for (pid_t pid = 1; pid < 400; ++pid)
    into.push_back(harmless(
        "a signal to process " + std::to_string(pid),
        [pid](const Ground&) { return make({SYS_kill, pid, kOnlyAsk}); }, refused(EPERM)));
}

}  // namespace

void add_others(Attempts& into, Corpus corpus) {
  add_rows(into, kSeeing);
  add_rows(into, kTouching);
  add_signals(into);
  if (corpus == Corpus::kLong) add_census(into);
}

}  // namespace mcpbox::attack
