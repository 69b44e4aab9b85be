// Runs in [attack] and its children.  Other ways into the kernel than its own numbers, and machine code of
// one's own making.  x86-64 only, as the filters are.
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "executor/attack/corpus.h"

namespace mcpbox::attack {
namespace {

constexpr long kX32 = 0x40000000;     // the bit of the third numbering
constexpr long kHighHalf = 1L << 32;  // the kernel looks at the low half of the register
constexpr int kLegacyNumbers = 480;
constexpr std::uintptr_t kVsyscall = 0xffffffffff600000;  // a page that every process has, with three calls
constexpr std::uintptr_t kVsyscallStep = 0x400;

constexpr unsigned char kReturn = 0xc3;

// In the 32-bit numbering.  Without the emulation of such programs the instruction itself faults.
int make_32_bit(int number) {
  long result = number;
  asm volatile("int $0x80" : "+a"(result) : "b"(-1L), "c"(-1L), "d"(-1L), "S"(-1L), "D"(-1L) : "memory");
  return result < 0 && result > -4096 ? static_cast<int>(-result) : 0;
}

int call_address(std::uintptr_t address) {
  reinterpret_cast<long (*)(long, long)>(address)(0, 0);  // NOLINT(performance-no-int-to-ptr)
  return 0;
}

int run_the_stack() {
  std::array<unsigned char, 64> code{};
  code.fill(kReturn);
  return call_address(reinterpret_cast<std::uintptr_t>(code.data()));
}

int run_the_heap() {
  const long page = ::syscall(SYS_mmap, 0, 4096, 3 /* read, write */, 0x22 /* private, anonymous */, -1, 0);
  if (page == -1) return errno;
  *reinterpret_cast<unsigned char*>(page) = kReturn;  // NOLINT(performance-no-int-to-ptr)
  return call_address(static_cast<std::uintptr_t>(page));
}

// Written through a pointer that the compiler does not see through: its own code must stay as it is.
int rewrite_code() {
  auto* volatile code = reinterpret_cast<unsigned char*>(reinterpret_cast<std::uintptr_t>(&make_32_bit));
  *code = kReturn;
  return 0;
}

int read_kernel_memory() {
  const auto* volatile kernel = reinterpret_cast<const volatile long*>(0xffff888000000000);  // NOLINT
  static_cast<void>(*kernel);
  return 0;
}

int touch_a_port() {
  asm volatile("outb %%al, $0x80" : : "a"(0));  // the port that is for nothing
  return 0;
}

int read_a_counter() {
  asm volatile("rdpmc" : : "c"(0) : "eax", "edx");
  return 0;
}

struct Machine {
  const char* name;
  int (*attempt)();
  Expected expected;
};

constexpr Machine kMachine[] = {
    {"machine code on the stack", run_the_stack, kFaulted},
    {"machine code on the heap", run_the_heap, kFaulted},
    {"rewriting the program's code", rewrite_code, kFaulted},
    {"reading the kernel's memory", read_kernel_memory, kFaulted},
    {"an input/output port", touch_a_port, kFaulted},
    {"a performance counter", read_a_counter, kFaulted},
    {"sysenter",
     [] {
       asm volatile("sysenter" : : "a"(20L) : "rcx", "rdx", "memory");
       return 0;
     },
     {kFaulted, kIllegal, kKilled}},
    {"int 0x80, getpid", [] { return make_32_bit(20); }, {kKilled, kFaulted}},
    {"int 0x80, open", [] { return make_32_bit(5); }, {kKilled, kFaulted}},
    {"int 0x80, socketcall", [] { return make_32_bit(102); }, {kKilled, kFaulted}},
};

void add_numberings(Attempts& into) {
  into.push_back(deadly("x32 getpid", [](const Ground&) { return make({kX32 | SYS_getpid}); }));
  into.push_back(deadly("x32 execve", [](const Ground&) { return make({kX32 | 520, 0, 0, 0}); }));
  into.push_back(deadly("system call -1", [](const Ground&) { return make({-1}); }));
  into.push_back(deadly("ptrace in the high half",
                        [](const Ground&) { return make({kHighHalf | SYS_ptrace, -1, -1, -1, -1}); }));
  // The fastest of the three tells the time, which a call may know; the third is refused by the filter.
  into.push_back({.name = "vsyscall time",
                  .attempt = [](const Ground&) { return call_address(kVsyscall + kVsyscallStep); },
                  .expected = {kDone, kFaulted},
                  .alone = true});
  into.push_back({.name = "vsyscall getcpu",
                  .attempt = [](const Ground&) { return call_address(kVsyscall + 2 * kVsyscallStep); },
                  .expected = {kKilled, kFaulted},
                  .alone = true});
}

void add_every_number(Attempts& into) {
  for (int number = 0; number < kLegacyNumbers; ++number) {
    into.push_back({.name = "int 0x80, number " + std::to_string(number),
                    .attempt = [number](const Ground&) { return make_32_bit(number); },
                    .expected = {kKilled, kFaulted},
                    .alone = true});
    into.push_back(deadly("x32 number " + std::to_string(number),
                          [number](const Ground&) { return make({kX32 | number, -1, -1, -1, -1, -1, -1}); }));
  }
}

}  // namespace

void add_machine(Attempts& into, Corpus corpus) {
  for (const Machine& row : kMachine)
    into.push_back({.name = row.name,
                    .attempt = [attempt = row.attempt](const Ground&) { return attempt(); },
                    .expected = row.expected,
                    .alone = true});
  add_numberings(into);
  if (corpus == Corpus::kLong) add_every_number(into);
}

}  // namespace mcpbox::attack
