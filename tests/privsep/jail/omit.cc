// The probe with one system call left out (-Wl,--wrap).  Names and signatures are the C library's.
#include "tests/privsep/jail/omit.h"

#include <linux/prctl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <array>
#include <cstdarg>

namespace mcpbox::test {
namespace {

enum class Call : unsigned char { kNothing, kClose, kRemount, kUmount, kSetrlimit, kPrctl, kSyscall };

struct Omission {
  std::string_view name;
  Call call;
  long selector;  // option or number
};

// clang-format off
constexpr Omission kOmissions[] = {
    { "nothing",           Call::kNothing,   0 },
    { "close",             Call::kClose,     0 },
    { "pivot-root",        Call::kSyscall,   SYS_pivot_root },
    { "umount",            Call::kUmount,    0 },
    { "remount-read-only", Call::kRemount,   0 },
    { "setrlimit",         Call::kSetrlimit, 0 },
    { "capset",            Call::kSyscall,   SYS_capset },
    { "bounding-set",      Call::kPrctl,     PR_CAPBSET_DROP },
    { "no-new-privs",      Call::kPrctl,     PR_SET_NO_NEW_PRIVS },
    { "dumpable",          Call::kPrctl,     PR_SET_DUMPABLE },
    { "write-xor-execute", Call::kPrctl,     65 },
    { "landlock",          Call::kSyscall,   SYS_landlock_restrict_self },
    { "seccomp",           Call::kSyscall,   SYS_seccomp },
};
// clang-format on

Omission chosen = kOmissions[0];

bool is_left_out(Call call, long selector) { return chosen.call == call && chosen.selector == selector; }

}  // namespace

bool omit(std::string_view what) {
  for (const Omission& row : kOmissions) {
    if (row.name != what) continue;
    chosen = row;
    return true;
  }
  return false;
}

}  // namespace mcpbox::test

using namespace mcpbox::test;  // NOLINT: the functions below are the linker's, not ours

// NOLINTBEGIN: reserved names, C variadics
extern "C" {

int __real_close(int fd);
int __wrap_close(int fd) { return is_left_out(Call::kClose, 0) ? 0 : __real_close(fd); }

int __real_umount2(const char* at, int flags);
int __wrap_umount2(const char* at, int flags) {
  return is_left_out(Call::kUmount, 0) ? 0 : __real_umount2(at, flags);
}

int __real_mount(const char* from, const char* at, const char* type, unsigned long flags,
                 const void* options);
int __wrap_mount(const char* from, const char* at, const char* type, unsigned long flags,
                 const void* options) {
  if ((flags & MS_REMOUNT) != 0 && is_left_out(Call::kRemount, 0)) return 0;
  return __real_mount(from, at, type, flags, options);
}

int __real_setrlimit(int resource, const struct rlimit* limit);
int __wrap_setrlimit(int resource, const struct rlimit* limit) {
  return is_left_out(Call::kSetrlimit, 0) ? 0 : __real_setrlimit(resource, limit);
}

int __real_prctl(int option, ...);
int __wrap_prctl(int option, ...) {
  va_list list;
  va_start(list, option);
  unsigned long a[4];
  for (unsigned long& argument : a) argument = va_arg(list, unsigned long);
  va_end(list);
  if (is_left_out(Call::kPrctl, option)) return 0;
  return __real_prctl(option, a[0], a[1], a[2], a[3]);
}

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  std::array<long, 6> a;
  for (long& argument : a) argument = va_arg(list, long);
  va_end(list);
  if (is_left_out(Call::kSyscall, number)) return 0;
  return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

}  // extern "C"
// NOLINTEND
