// Call children for real: forked, jailed, and then hostile.
#include "privsep/jail/call.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <functional>
#include <string>

#include "policy/syscall_tables.h"
#include "privsep/jail/identity.h"
#include "tests/privsep/jail/forms.h"

namespace mcpbox {
namespace {

using jail::CallJail;
using jail::CallStep;

// What became of a child that entered the jail and then ran `attack`: its wait status.
int in_jail(const std::function<int()>& attack, policy::Layers missing_allowed = 0) {
  const base::Result<CallJail> calls =
      CallJail::prepare(policy::kCallLimits, missing_allowed, test::offers());
  EXPECT_TRUE(calls.has_value()) << (calls ? "" : calls.error().text);
  int ends[2];
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    // In a zygote this is so since its own jail.
    if (!jail::forbid_new_privileges() || !jail::forbid_dump()) ::_exit(99);
    calls->enter(ends[1]);
    ::_exit(attack());
  }
  ::close(ends[0]);
  ::close(ends[1]);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

int raw(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) {
  return ::syscall(number, a, b, c, d, e, f) < 0 ? errno : 0;
}

struct Attempt {
  const char* what;
  std::function<int()> attack;
};
void PrintTo(const Attempt& attempt, std::ostream* out) { *out << attempt.what; }

class KilledFor : public ::testing::TestWithParam<Attempt> {};

TEST_P(KilledFor, IsDeathByTheFilter) {
  const int status = in_jail(GetParam().attack);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
      << GetParam().what << ": wait status " << status;
}

const Attempt kDeadly[] = {
    {"sendmsg", [] { return raw(SYS_sendmsg, 3, 0, 0); }},
    {"recvmsg", [] { return raw(SYS_recvmsg, 3, 0, 0); }},
    {"mmap_exec",
     [] { return raw(SYS_mmap, 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }},
    {"mmap_shared", [] { return raw(SYS_mmap, 0, 4096, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0); }},
    {"mmap_descriptor", [] { return raw(SYS_mmap, 0, 4096, PROT_READ, MAP_PRIVATE, 3, 0); }},
    {"io_uring_setup", [] { return raw(SYS_io_uring_setup, 8, 0); }},
    {"userfaultfd", [] { return raw(SYS_userfaultfd, 1); }},
    {"unshare", [] { return raw(SYS_unshare, CLONE_NEWUSER); }},
    {"ptrace", [] { return raw(SYS_ptrace, 0, 0, 0, 0); }},
    {"process_vm_readv", [] { return raw(SYS_process_vm_readv, ::getpid(), 0, 0, 0, 0, 0); }},
    {"keyctl", [] { return raw(SYS_keyctl, 0, 0); }},
    {"bpf", [] { return raw(SYS_bpf, 0, 0, 0); }},
    {"seccomp", [] { return raw(SYS_seccomp, 1, 0, 0); }},
    {"landlock", [] { return raw(SYS_landlock_create_ruleset, 0, 0, 1); }},
    {"shmget", [] { return raw(SYS_shmget, 1, 4096, 0600); }},
    {"futex_shared", [] { return raw(SYS_futex, 0, 0, 0, 0); }},
    {"rt_sigreturn", [] { return raw(SYS_rt_sigreturn); }},
    {"x32_getpid", [] { return raw(SYS_getpid | 0x40000000); }},
};

INSTANTIATE_TEST_SUITE_P(ACall, KilledFor, ::testing::ValuesIn(kDeadly),
                         [](const auto& test) { return std::string(test.param.what); });

int use_the_32_bit_entry() {
  long result = 20;  // getpid in the 32-bit numbering
  asm volatile("int $0x80" : "+a"(result) : : "memory");
  return 0;
}

// Some kernels have no such entry, or switched it off: then the instruction is a fault for everybody.
TEST(The32BitEntry, IsDeathByTheFilterWhereTheKernelHasIt) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(use_the_32_bit_entry());
  int outside = -1;
  ASSERT_EQ(::waitpid(child, &outside, 0), child);
  const int inside = in_jail(use_the_32_bit_entry);
  ASSERT_TRUE(WIFSIGNALED(inside)) << "wait status " << inside;
  if (WIFSIGNALED(outside)) {
    EXPECT_EQ(WTERMSIG(inside), WTERMSIG(outside));
    GTEST_SKIP() << "this kernel has no 32-bit entry: nothing can come in through it";
  }
  EXPECT_EQ(WTERMSIG(inside), SIGSYS);
}

struct Refusal {
  const char* what;
  std::function<int()> attempt;
  int error;
};
void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.what; }

class Refused : public ::testing::TestWithParam<Refusal> {};

TEST_P(Refused, IsAnErrorThatHonestCodeHandles) {
  const int status = in_jail(GetParam().attempt);
  ASSERT_TRUE(WIFEXITED(status)) << GetParam().what << ": wait status " << status;
  EXPECT_EQ(WEXITSTATUS(status), GetParam().error) << GetParam().what;
}

const Refusal kRefused[] = {
    {"open", [] { return raw(SYS_openat, AT_FDCWD, reinterpret_cast<long>("/etc/passwd"), O_RDONLY); },
     EACCES},
    {"socket", [] { return raw(SYS_socket, AF_INET, SOCK_STREAM, 0); }, EACCES},
    {"fork", [] { return raw(SYS_clone, SIGCHLD, 0, 0, 0, 0); }, EAGAIN},
    {"clone3", [] { return raw(SYS_clone3, 0, 0); }, ENOSYS},
    {"execve", [] { return raw(SYS_execve, reinterpret_cast<long>("/bin/true"), 0, 0); }, EACCES},
    {"kill", [] { return raw(SYS_kill, ::getpid(), SIGKILL); }, EPERM},
    {"pipe", [] { return raw(SYS_pipe2, 0, 0); }, EMFILE},
    {"dup", [] { return raw(SYS_dup, 3); }, EBADF},
    {"raise_limits", [] { return raw(SYS_prlimit64, 0, RLIMIT_NPROC, 0, 0); }, EPERM},
    {"mprotect_exec", [] { return raw(SYS_mprotect, 0, 4096, PROT_READ | PROT_EXEC); }, EPERM},
    {"prctl", [] { return raw(SYS_prctl, PR_SET_DUMPABLE, 1); }, EPERM},
    {"memfd", [] { return raw(SYS_memfd_create, 0, 0); }, EACCES},
    {"write_to_the_log", [] { return raw(SYS_write, STDERR_FILENO, 0, 0); }, EBADF},
    {"read_from_standard_input", [] { return raw(SYS_read, STDIN_FILENO, 0, 0); }, EBADF},
};

INSTANTIATE_TEST_SUITE_P(ACall, Refused, ::testing::ValuesIn(kRefused),
                         [](const auto& test) { return std::string(test.param.what); });

TEST(ACall, CanComputeAskAndAnswer) {
  const int status = in_jail([] {
    void* heap = ::mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (heap == MAP_FAILED) return 1;
    static_cast<char*>(heap)[4096] = 1;
    if (::munmap(heap, 1 << 20) != 0) return 2;
    std::string grown;
    while (grown.size() < 4'000'000) grown += "a tool's result ";
    pollfd link = {.fd = jail::kCallLinkFd, .events = POLLOUT, .revents = 0};
    if (::poll(&link, 1, 1000) != 1 || (link.revents & POLLNVAL) != 0) return 3;
    unsigned char random[16];
    if (::syscall(SYS_getrandom, random, sizeof random, 0) != sizeof random) return 4;
    return 0;
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST(ACall, MeetsItsMemoryLimitAsAnErrorNotAsDeath) {
  const int status = in_jail([] {
    const std::size_t too_much = policy::limits::kMemoryBytes + (1 << 20);
    void* heap = ::mmap(nullptr, too_much, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return heap == MAP_FAILED ? errno : 0;
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == ENOMEM) << status;
}

// uprobe and uretprobe are let through by the kernel itself on recent versions; no table can say otherwise.
TEST(ACall, ReachesNoOtherCallByAnyNumber) {
  constexpr int kUretprobe = 335, kUprobe = 336, kNumbers = 480;
  std::array<bool, kNumbers> named{};
  for (const policy::SyscallRule& rule : policy::kCallCalls.rules)
    named.at(static_cast<std::size_t>(rule.call)) = true;
  for (int number = 0; number < kNumbers; ++number) {
    if (named.at(static_cast<std::size_t>(number)) || number == kUretprobe || number == kUprobe) continue;
    const int status = in_jail([number] { return raw(number, -1, -1, -1, -1, -1, -1); });
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << number << ": " << status;
  }
}

TEST(CallJail, RefusesToGoOnWithoutItsSocket) {
  const base::Result<CallJail> calls = CallJail::prepare(policy::kCallLimits, 0, test::offers());
  ASSERT_TRUE(calls.has_value());
  const pid_t child = ::fork();
  if (child == 0) {
    calls->enter(-1);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == static_cast<int>(CallStep::kLink)) << status;
}

// A grandchild is not what the zygote forked: its parent is somebody else, who may be gone already.
TEST(CallJail, RefusesToGoOnUnderAnotherParent) {
  const base::Result<CallJail> calls = CallJail::prepare(policy::kCallLimits, 0, test::offers());
  ASSERT_TRUE(calls.has_value());
  const pid_t child = ::fork();
  if (child == 0) {
    const pid_t grandchild = ::fork();
    if (grandchild == 0) {
      calls->enter(STDERR_FILENO);
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(grandchild, &status, 0);
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == static_cast<int>(CallStep::kParentDeath)) << status;
}

}  // namespace
}  // namespace mcpbox
