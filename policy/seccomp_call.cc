// Stage 2: all that a call child may ask of the kernel while it runs a tool.  22 calls reach the kernel, 6 of
// them only with the arguments below; what honest Python code tries fails with the error that it handles; the
// rest kills. The code inside is whatever an author wrote: it may be native and hostile, so this table is the
// wall.
//   no sendmsg, recvmsg    no descriptor can arrive or leave
//   no openat, socket...   none can be made, so read and write reach the two inherited sockets only
//   no mprotect, PROT_EXEC no new machine code
//   no rt_sigreturn        no registers filled from a forged stack frame
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <cerrno>

#include "policy/syscall_tables.h"

namespace mcpbox::policy {
namespace {

static_assert(RLIMIT_CPU == 0 && RLIMIT_NLIMITS == 16, "the four bits below name every limit but RLIMIT_CPU");
constexpr Condition has_bit(std::uint8_t argument, int bit) {
  return apart_from(argument, ~std::uint64_t(bit), bit);
}

// clang-format off
constexpr SyscallRule kRules[] = {
    // call                            then           only if                                     why

    // Its sockets.
    { SCMP_SYS(read),              kAllow,        {},                                        "the job, answers" },
    { SCMP_SYS(write),             kAllow,        {},                                        "the result, questions" },
    { SCMP_SYS(poll),              kAllow,        {},                                        "the tool's event loop" },
    { SCMP_SYS(close),             kAllow,        {},                                        "a socket it is done with" },
    { SCMP_SYS(restart_syscall),   kAllow,        {},                                        "a wait goes on after a stop signal" },

    // Memory: private, anonymous, never executable.
    { SCMP_SYS(mmap),              kAllow,        all_of(lacks(2, PROT_EXEC), within(3, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK), equals(4, -1)), "heap" },
    { SCMP_SYS(mremap),            kAllow,        within(3, MREMAP_MAYMOVE),                 "heap: realloc" },
    { SCMP_SYS(munmap),            kAllow,        {},                                        "heap" },
    { SCMP_SYS(brk),               kAllow,        {},                                        "heap" },
    { SCMP_SYS(madvise),           kAllow,        equals(2, MADV_DONTNEED),                  "heap: give pages back" },
    { SCMP_SYS(madvise),           kAllow,        equals(2, MADV_FREE),                      "heap: give pages back" },
    { SCMP_SYS(futex),             kAllow,        equals(1, 128),                            "WAIT, private: Python's locks; never the PI operations" },
    { SCMP_SYS(futex),             kAllow,        equals(1, 129),                            "WAKE, private" },
    { SCMP_SYS(futex),             kAllow,        equals(1, 137),                            "WAIT_BITSET, private" },
    { SCMP_SYS(futex),             kAllow,        equals(1, 393),                            "WAIT_BITSET, private, real time" },

    // Time, randomness, itself.
    { SCMP_SYS(clock_gettime),     kAllow,        lacks(0, kNoOwnClock),                     "time.time and the like; a negative number is the CPU clock of any process" },
    { SCMP_SYS(clock_getres),      kAllow,        lacks(0, kNoOwnClock),                     "time.get_clock_info" },
    { SCMP_SYS(clock_nanosleep),   kAllow,        lacks(0, kNoOwnClock),                     "time.sleep" },
    { SCMP_SYS(gettimeofday),      kAllow,        {},                                        "where the vDSO cannot tell" },
    { SCMP_SYS(time),              kAllow,        {},                                        "where the vDSO cannot tell" },
    { SCMP_SYS(getrandom),         kAllow,        {},                                        "random, uuid, secrets" },
    { SCMP_SYS(getpid),            kAllow,        {},                                        "os.getpid; it is a number in its own namespace" },
    { SCMP_SYS(gettid),            kAllow,        {},                                        "threading.get_native_id" },
    { SCMP_SYS(getrusage),         kAllow,        equals(0, RUSAGE_SELF),                    "time.process_time" },
    { SCMP_SYS(exit_group),        kAllow,        {},                                        "leave" },

    // Files: PermissionError.
    { SCMP_SYS(open),              fail(EACCES),  {},                                        "open()" },
    { SCMP_SYS(openat),            fail(EACCES),  {},                                        "open()" },
    { SCMP_SYS(openat2),           fail(EACCES),  {},                                        "open()" },
    { SCMP_SYS(stat),              fail(EACCES),  {},                                        "os.stat" },
    { SCMP_SYS(lstat),             fail(EACCES),  {},                                        "os.lstat" },
    { SCMP_SYS(statx),             fail(EACCES),  {},                                        "os.stat" },
    { SCMP_SYS(statfs),            fail(EACCES),  {},                                        "os.statvfs" },
    { SCMP_SYS(newfstatat),        fail(EACCES),  {},                                        "os.stat, imports that look for a file" },
    { SCMP_SYS(access),            fail(EACCES),  {},                                        "os.access" },
    { SCMP_SYS(faccessat),         fail(EACCES),  {},                                        "os.access" },
    { SCMP_SYS(faccessat2),        fail(EACCES),  {},                                        "os.access" },
    { SCMP_SYS(readlink),          fail(EACCES),  {},                                        "os.readlink, realpath" },
    { SCMP_SYS(readlinkat),        fail(EACCES),  {},                                        "os.readlink, realpath" },
    { SCMP_SYS(getcwd),            fail(EACCES),  {},                                        "os.getcwd, abspath" },
    { SCMP_SYS(chdir),             fail(EACCES),  {},                                        "os.chdir" },
    { SCMP_SYS(unlink),            fail(EACCES),  {},                                        "os.unlink" },
    { SCMP_SYS(unlinkat),          fail(EACCES),  {},                                        "os.unlink" },
    { SCMP_SYS(mkdir),             fail(EACCES),  {},                                        "os.mkdir, tempfile" },
    { SCMP_SYS(mkdirat),           fail(EACCES),  {},                                        "os.mkdir" },
    { SCMP_SYS(rmdir),             fail(EACCES),  {},                                        "os.rmdir" },
    { SCMP_SYS(rename),            fail(EACCES),  {},                                        "os.rename" },
    { SCMP_SYS(renameat),          fail(EACCES),  {},                                        "os.rename" },
    { SCMP_SYS(renameat2),         fail(EACCES),  {},                                        "os.rename" },
    { SCMP_SYS(memfd_create),      fail(EACCES),  {},                                        "os.memfd_create" },
    { SCMP_SYS(umask),             fail(EACCES),  {},                                        "tempfile" },
    { SCMP_SYS(lseek),             fail(ESPIPE),  {},                                        "file objects over descriptors" },
    { SCMP_SYS(pread64),           fail(ESPIPE),  {},                                        "os.pread" },
    { SCMP_SYS(ioctl),             fail(ENOTTY),  {},                                        "isatty" },
    { SCMP_SYS(fcntl),             fail(EBADF),   {},                                        "os.set_blocking, os.set_inheritable" },
    { SCMP_SYS(fstat),             fail(EBADF),   {},                                        "os.fstat" },
    { SCMP_SYS(dup),               fail(EBADF),   {},                                        "os.dup" },
    { SCMP_SYS(dup2),              fail(EBADF),   {},                                        "os.dup2" },
    { SCMP_SYS(dup3),              fail(EBADF),   {},                                        "os.dup2" },

    // Network and pipes.
    { SCMP_SYS(socket),            fail(EACCES),  {},                                        "socket.socket; uuid1 falls back" },
    { SCMP_SYS(connect),           fail(EACCES),  {},                                        "socket.connect" },
    { SCMP_SYS(sendto),            fail(EPERM),   {},                                        "socket.send" },
    { SCMP_SYS(recvfrom),          fail(EPERM),   {},                                        "socket.recv" },
    { SCMP_SYS(socketpair),        fail(EMFILE),  {},                                        "a second event loop" },
    { SCMP_SYS(pipe),              fail(EMFILE),  {},                                        "os.pipe" },
    { SCMP_SYS(pipe2),             fail(EMFILE),  {},                                        "os.pipe, subprocess" },
    { SCMP_SYS(epoll_create1),     fail(EMFILE),  {},                                        "a second event loop" },

    // Processes and threads: BlockingIOError, RuntimeError("can't start new thread").
    { SCMP_SYS(fork),              fail(EAGAIN),  {},                                        "os.fork" },
    { SCMP_SYS(vfork),             fail(EAGAIN),  {},                                        "subprocess" },
    { SCMP_SYS(clone),             fail(EAGAIN),  {},                                        "os.fork, threads" },
    { SCMP_SYS(clone3),            fail(ENOSYS),  {},                                        "threads: glibc then tries clone" },
    { SCMP_SYS(rseq),              fail(ENOSYS),  {},                                        "threads" },
    { SCMP_SYS(set_robust_list),   fail(ENOSYS),  {},                                        "threads" },
    { SCMP_SYS(execve),            fail(EACCES),  {},                                        "os.exec" },
    { SCMP_SYS(execveat),          fail(EACCES),  {},                                        "os.exec" },
    { SCMP_SYS(kill),              fail(EPERM),   {},                                        "os.kill" },
    { SCMP_SYS(tkill),             fail(EPERM),   {},                                        "signal.raise_signal" },
    { SCMP_SYS(tgkill),            fail(EPERM),   {},                                        "os.abort" },
    { SCMP_SYS(rt_sigaction),      fail(EPERM),   {},                                        "signal.signal" },
    { SCMP_SYS(rt_sigprocmask),    fail(EPERM),   {},                                        "signal.pthread_sigmask, threads" },
    { SCMP_SYS(sigaltstack),       fail(EPERM),   {},                                        "faulthandler" },
    { SCMP_SYS(alarm),             fail(EPERM),   {},                                        "signal.alarm" },
    { SCMP_SYS(setitimer),         fail(EPERM),   {},                                        "signal.setitimer" },
    { SCMP_SYS(sched_yield),       fail(EPERM),   {},                                        "os.sched_yield, time.sleep(0)" },

    // Itself and the machine.
    { SCMP_SYS(getuid),            fail(EACCES),  {},                                        "os.getuid, expanduser" },
    { SCMP_SYS(geteuid),           fail(EACCES),  {},                                        "os.geteuid" },
    { SCMP_SYS(getgid),            fail(EACCES),  {},                                        "os.getgid" },
    { SCMP_SYS(getegid),           fail(EACCES),  {},                                        "os.getegid" },
    { SCMP_SYS(getresuid),         fail(EACCES),  {},                                        "os.getresuid" },
    { SCMP_SYS(getresgid),         fail(EACCES),  {},                                        "os.getresgid" },
    { SCMP_SYS(getpgid),           fail(EACCES),  {},                                        "os.getpgid" },
    { SCMP_SYS(getsid),            fail(EACCES),  {},                                        "os.getsid" },
    { SCMP_SYS(getppid),           fail(EPERM),   {},                                        "os.getppid" },
    { SCMP_SYS(uname),             fail(EACCES),  {},                                        "platform" },
    { SCMP_SYS(sysinfo),           fail(EACCES),  {},                                        "qsort, os.sysconf" },
    { SCMP_SYS(sched_getaffinity), fail(EACCES),  {},                                        "os.cpu_count" },
    { SCMP_SYS(times),             fail(EPERM),   {},                                        "os.times" },
    { SCMP_SYS(nanosleep),         fail(EPERM),   {},                                        "old sleep" },
    { SCMP_SYS(prlimit64),         kAllow,        all_of(equals(0, 0), equals(1, RLIMIT_CPU)), "less CPU for this job; more is refused by the hard limit" },
    { SCMP_SYS(prlimit64),         fail(EPERM),   has_bit(1, 1),                             "resource.setrlimit, any other limit" },
    { SCMP_SYS(prlimit64),         fail(EPERM),   has_bit(1, 2),                             "resource.setrlimit, any other limit" },
    { SCMP_SYS(prlimit64),         fail(EPERM),   has_bit(1, 4),                             "resource.setrlimit, any other limit" },
    { SCMP_SYS(prlimit64),         fail(EPERM),   has_bit(1, 8),                             "resource.setrlimit, any other limit" },
    { SCMP_SYS(setrlimit),         fail(EPERM),   {},                                        "resource.setrlimit" },
    { SCMP_SYS(prctl),             fail(EPERM),   {},                                        "naming a thread" },
    { SCMP_SYS(mprotect),          fail(EPERM),   {},                                        "ctypes callbacks, thread stacks" },
};
// clang-format on

}  // namespace

constexpr SyscallTable kCallCalls{.name = "call", .otherwise = kKill, .rules = kRules};

}  // namespace mcpbox::policy
