// Runs in [attack] and its children.  The calls that are let through only with some arguments, tried with all
// others: mmap, mremap, madvise, futex, getrusage, prlimit64 and the clocks.
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <ctime>

#include "executor/attack/corpus.h"

namespace mcpbox::attack {
namespace {

constexpr long kPage = 4096;
constexpr long kHeap = MAP_PRIVATE | MAP_ANONYMOUS;
constexpr long kHeapFlags = kHeap | MAP_NORESERVE | MAP_STACK;
constexpr long kDropUnmapped = 4;                  // MREMAP_DONTUNMAP
constexpr long kSocketAsClock = -(3 + 1) * 8 + 3;  // ~3 << 3 | 3: the clock of the device behind descriptor 3
constexpr int kMostAdvice = 128;                   // 100 to 103 are for poisoned memory and page tables
constexpr int kMostFutex = 16;

struct Near {
  const char* name;
  Call call;
};

// clang-format off
constexpr Near kMemory[] = {
    { "mmap, executable",                {SYS_mmap, 0, kPage, PROT_READ | PROT_EXEC, kHeap, -1, 0} },
    { "mmap, executable and writable",   {SYS_mmap, 0, kPage, PROT_READ | PROT_WRITE | PROT_EXEC, kHeap, -1, 0} },
    { "mmap, shared",                    {SYS_mmap, 0, kPage, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0} },
    { "mmap, shared and validated",      {SYS_mmap, 0, kPage, PROT_READ, 3 | MAP_ANONYMOUS, -1, 0} },
    { "mmap of its socket",              {SYS_mmap, 0, kPage, PROT_READ, MAP_PRIVATE, 3, 0} },
    { "mmap of descriptor 0",            {SYS_mmap, 0, kPage, PROT_READ, MAP_PRIVATE, 0, 0} },
    { "mmap at a place of its choice",   {SYS_mmap, 0x10000, kPage, PROT_READ, kHeap | MAP_FIXED, -1, 0} },
    { "mmap, locked",                    {SYS_mmap, 0, kPage, PROT_READ, kHeap | MAP_LOCKED, -1, 0} },
    { "mmap of huge pages",              {SYS_mmap, 0, kPage, PROT_READ, kHeap | MAP_HUGETLB, -1, 0} },
    { "mmap that grows down",            {SYS_mmap, 0, kPage, PROT_READ, kHeap | MAP_GROWSDOWN, -1, 0} },
    { "mremap to a place of its choice", {SYS_mremap, 1, kPage, kPage, MREMAP_MAYMOVE | MREMAP_FIXED, 0x10000} },
    { "mremap that leaves a hole",       {SYS_mremap, 1, kPage, kPage, MREMAP_MAYMOVE | kDropUnmapped} },
};
constexpr Near kOthersNumbers[] = {
    { "getrusage of its children",       {SYS_getrusage, RUSAGE_CHILDREN, 0} },
    { "getrusage of a thread",           {SYS_getrusage, RUSAGE_THREAD, 0} },
    { "prlimit64 of the zygote",         {SYS_prlimit64, 1, RLIMIT_CPU, 0, 0} },
    { "clock of a device",               {SYS_clock_gettime, kSocketAsClock, 0} },
    { "clock beyond the machine's",      {SYS_clock_gettime, 16, 0} },
};
constexpr Near kAdvice[] = {
    { "madvise: huge pages",             {SYS_madvise, 0, 0, MADV_HUGEPAGE} },
    { "madvise: merge with others",      {SYS_madvise, 0, 0, MADV_MERGEABLE} },
    { "madvise: keep over fork",         {SYS_madvise, 0, 0, MADV_DOFORK} },
    { "madvise: poison",                 {SYS_madvise, 0, 0, MADV_HWPOISON} },
};
constexpr Near kFutexes[] = {
    { "futex: shared wake",              {SYS_futex, 0, FUTEX_WAKE, 0} },
    { "futex: priority inheritance",     {SYS_futex, 0, FUTEX_TRYLOCK_PI | FUTEX_PRIVATE_FLAG, 0} },
    { "futex: requeue",                  {SYS_futex, 0, FUTEX_CMP_REQUEUE | FUTEX_PRIVATE_FLAG, 0} },
};
// clang-format on

void add_near(Attempts& into, std::span<const Near> rows) {
  for (const Near& row : rows)
    into.push_back(deadly(row.name, [call = row.call](const Ground&) { return make(call); }));
}

// One flag, or one kind of protection, at a time.
void add_every_flag(Attempts& into) {
  for (int bit = 0; bit < 32; ++bit) {
    const long flag = 1L << bit;
    if ((flag & kHeapFlags) == 0)
      into.push_back(deadly("mmap with flag bit " + std::to_string(bit), [flag](const Ground&) {
        return make({SYS_mmap, 0, kPage, PROT_READ, kHeap | flag, -1, 0});
      }));
    if (flag != MREMAP_MAYMOVE)
      into.push_back(deadly("mremap with flag bit " + std::to_string(bit),
                            [flag](const Ground&) { return make({SYS_mremap, 1, kPage, kPage, flag, 0}); }));
  }
  for (long rest = 0; rest < 4; ++rest)
    into.push_back(deadly("mmap, executable, protection " + std::to_string(rest), [rest](const Ground&) {
      return make({SYS_mmap, 0, kPage, PROT_EXEC | rest, kHeap, -1, 0});
    }));
}

bool is_allowed_futex(int operation) {
  return operation == 128 || operation == 129 || operation == 137 || operation == 393;
}

void add_every_operation(Attempts& into) {
  for (int advice = 0; advice < kMostAdvice; ++advice)
    if (advice != MADV_DONTNEED && advice != MADV_FREE)
      into.push_back(deadly("madvise " + std::to_string(advice),
                            [advice](const Ground&) { return make({SYS_madvise, 0, 0, advice}); }));
  for (int operation = 0; operation < kMostFutex; ++operation)
    for (const int flags :
         {0, FUTEX_PRIVATE_FLAG, FUTEX_CLOCK_REALTIME, FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME})
      if (!is_allowed_futex(operation | flags))
        into.push_back(
            deadly("futex " + std::to_string(operation | flags), [operation, flags](const Ground&) {
              return make({SYS_futex, 0, operation | flags, 0, 1, 0, 0});
            }));
  for (int clock = -64; clock < 0; ++clock)
    into.push_back(deadly("clock " + std::to_string(clock),
                          [clock](const Ground&) { return make({SYS_clock_gettime, clock, 0}); }));
}

}  // namespace

void add_arguments(Attempts& into, Corpus corpus) {
  add_near(into, kMemory);
  add_near(into, kOthersNumbers);
  add_near(into, kAdvice);
  add_near(into, kFutexes);
  if (corpus == Corpus::kShort) return;
  add_every_flag(into);
  add_every_operation(into);
}

}  // namespace mcpbox::attack
