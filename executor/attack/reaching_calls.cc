// Runs in [attack] and its children.  The part of the kernel that hostile native code can reach at all.
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <ctime>

#include "executor/attack/answered.h"

namespace mcpbox::attack {
namespace {

// clang-format off
constexpr AnsweredCall kReaching[] = {
    // name              arguments                                                            answer                      why it is let through
    { "read",             {SYS_read, 0, 0, 0},                                                {refused(EBADF)},           "its two sockets: descriptors 3 and 4 and no other" },
    { "write",            {SYS_write, 2, 0, 0},                                               {refused(EBADF)},           "its two sockets: descriptors 3 and 4 and no other" },
    { "poll",             {SYS_poll, 0, 0, 0},                                                {kDone},                    "waiting for its sockets" },
    { "close",            {SYS_close, 0},                                                     {refused(EBADF)},           "it may end its own conversation" },
    { "restart_syscall",  {SYS_restart_syscall},                                              {refused(EINTR)},           "the kernel's own way to go on waiting" },
    { "mmap",             {SYS_mmap, 0, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1},    {kDone},                    "heap: private, anonymous, never executable" },
    { "mremap",           {SYS_mremap, 1, 4096, 4096, MREMAP_MAYMOVE},                        {refused(EINVAL)},          "heap: realloc, inside the process" },
    { "munmap",           {SYS_munmap, 1, 4096},                                              {refused(EINVAL)},          "heap, inside the process" },
    { "brk",              {SYS_brk, 0},                                                       {kDone},                    "heap, inside the process" },
    { "madvise",          {SYS_madvise, 1, 4096, MADV_DONTNEED},                              {refused(EINVAL)},          "heap: two kinds of advice, both to give pages back" },
    { "futex",            {SYS_futex, 0, 129, 1},                                             {kDone, refused(EFAULT)},   "locks inside the process: wait and wake, private" },
    { "clock_gettime",    {SYS_clock_gettime, CLOCK_REALTIME, 0},                             {refused(EFAULT)},          "time; the clocks of the machine and of the process itself" },
    { "clock_getres",     {SYS_clock_getres, CLOCK_REALTIME, 0},                              {kDone},                    "time; the same clocks" },
    { "clock_nanosleep",  {SYS_clock_nanosleep, CLOCK_REALTIME, 0, 0},                        {refused(EFAULT)},          "time; the same clocks" },
    { "gettimeofday",     {SYS_gettimeofday, 0, 0},                                           {kDone},                    "time" },
    { "time",             {SYS_time, 0},                                                      {kDone},                    "time" },
    { "getrandom",        {SYS_getrandom, 0, 0, 0},                                           {kDone},                    "random numbers" },
    { "getpid",           {SYS_getpid},                                                       {kDone},                    "its number in a namespace of its zygote's: how many calls there were before it" },
    { "gettid",           {SYS_gettid},                                                       {kDone},                    "the same number" },
    { "getrusage",        {SYS_getrusage, RUSAGE_SELF, 0},                                    {refused(EFAULT)},          "its own consumption" },
    { "exit_group",       {SYS_exit_group, 0},                                                {kDone},                    "leaving" },
    { "prlimit64",        {SYS_prlimit64, 0, RLIMIT_CPU, 0, 0},                               {kDone},                    "its own CPU limit: to look, and to lower it" },
};
constexpr PassedCall kPassed[] = {
    { "uretprobe", 335, {kKilled, kIllegal, refused(ENXIO)}, "kernels from 6.11 pass it to everybody: it ends a process that is not in a uprobe" },
    { "uprobe",    336, {kKilled, kIllegal, refused(ENXIO)}, "kernels from 6.17 pass it to everybody: it fails in a process that is not in a uprobe" },
};
// clang-format on

}  // namespace

std::span<const AnsweredCall> reaching_calls() { return kReaching; }
std::span<const PassedCall> passed_calls() { return kPassed; }

}  // namespace mcpbox::attack
