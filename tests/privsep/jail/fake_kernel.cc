// The wrapped system calls of the C-style tests.  Names and signatures are the linker's and the C library's.
#include "tests/privsep/jail/fake_kernel.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "privsep/jail/bpf_evaluator.h"

extern "C" {
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
}

namespace mcpbox::test {
namespace {

FakeKernel kernel;

bool is_faulty(const char* call, long selector) {
  const Fault* fault = kernel.fault;
  return fault != nullptr && std::strcmp(fault->call, call) == 0 &&
         (fault->selector == 0 || fault->selector == selector);
}

bool is_fake() { return kernel.mode == Mode::kFake; }

// The answer of a call that changes something.
template <class Change>
int changed(const char* call, long selector, Change change) {
  if (is_faulty(call, selector)) {
    errno = kernel.fault->error;
    return errno != 0 ? -1 : 0;
  }
  change();
  return 0;
}

int refuse(int error) {
  errno = error;
  return -1;
}

int fake_prctl(int option, unsigned long argument) {
  const auto capability = std::uint64_t{1} << (argument & 63);
  const bool ambient_check = option == PR_CAP_AMBIENT && argument == PR_CAP_AMBIENT_IS_SET;
  if (ambient_check) return kernel.ambient != 0 ? 1 : 0;
  if (option == PR_CAPBSET_READ && argument >= kCapabilities) return refuse(EINVAL);
  if (option == PR_CAPBSET_READ) return (kernel.bounding & capability) != 0 ? 1 : 0;
  if (option == PR_GET_NO_NEW_PRIVS) return kernel.no_new_privileges ? 1 : 0;
  if (option == PR_GET_DUMPABLE) return kernel.dumpable ? 1 : 0;
  if (option == 66) return kernel.no_new_code ? 1 : 0;
  return changed("prctl", option, [&] {
    if (option == PR_CAPBSET_DROP) kernel.bounding &= ~capability;
    if (option == PR_CAP_AMBIENT) kernel.ambient = 0;
    if (option == PR_SET_NO_NEW_PRIVS) kernel.no_new_privileges = true;
    if (option == PR_SET_DUMPABLE) kernel.dumpable = false;
    if (option == 65) kernel.no_new_code = true;
  });
}

// The errno that the loaded program gives to a call; 0 where it lets it pass.
int filtered(long number, const std::array<long, 6>& a) {
  if (kernel.filter.empty()) return 0;
  mcpbox::jail::CallArguments arguments{};
  for (std::size_t i = 0; i < arguments.size(); ++i) arguments[i] = static_cast<std::uint64_t>(a[i]);
  const auto verdict = mcpbox::jail::BpfEvaluator(kernel.filter).run(static_cast<int>(number), arguments);
  return (verdict & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO
             ? static_cast<int>(verdict & SECCOMP_RET_DATA)
             : 0;
}

void load(long program) {
  const auto* loaded = reinterpret_cast<const sock_fprog*>(program);
  kernel.filter.assign(loaded->filter, loaded->filter + loaded->len);
}

int fake_syscall(long number, const std::array<long, 6>& a) {
  if (const int error = filtered(number, a)) return refuse(error);
  if (number == SYS_getppid) return 1;
  if (number == SYS_capget) {
    auto* data = reinterpret_cast<__user_cap_data_struct*>(a[1]);
    data[0] = {.effective = static_cast<std::uint32_t>(kernel.held),
               .permitted = static_cast<std::uint32_t>(kernel.held),
               .inheritable = static_cast<std::uint32_t>(kernel.held & kernel.ambient)};
    data[1] = {};
  }
  const bool abi = number == SYS_landlock_create_ruleset && a[2] == 1;
  if (abi) return is_faulty("landlock_abi", 0) ? refuse(kernel.fault->error) : 7;
  const int done = changed("syscall", number, [&] {
    if (number == SYS_capset) kernel.held = reinterpret_cast<const __user_cap_data_struct*>(a[1])->permitted;
    if (number == SYS_pivot_root) kernel.pivoted = kernel.tmpfs_mounted;
    if (number == SYS_landlock_restrict_self) kernel.landlocked = true;
    if (number == SYS_seccomp) load(a[2]);
  });
  return done == 0 && number == SYS_landlock_create_ruleset ? kFakeFd : done;
}

int fake_open(const char* path) {
  const bool root = std::strcmp(path, "/") == 0;
  if (root && kernel.landlocked) return refuse(EACCES);
  const bool user = std::strcmp(path, "/proc/self/ns/user") == 0;
  return is_faulty("open", user ? 1 : 2) ? refuse(kernel.fault->error) : kFakeFd;
}

}  // namespace

void pretend(Mode mode, const Fault* fault) {
  kernel = FakeKernel{};
  kernel.limits.fill({.rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY});
  kernel.open_fds.fill(true);
  kernel.fault = fault;
  kernel.mode = mode;
}
void stop_pretending() {
  kernel.mode = Mode::kReal;
  kernel.fault = nullptr;
  kernel.ordered = false;
}
void expect_calls_in_order() { kernel.ordered = true; }
const FakeKernel& fake_kernel() { return kernel; }

}  // namespace mcpbox::test

using namespace mcpbox::test;  // NOLINT: the functions below are the linker's, not ours

// NOLINTBEGIN: reserved names, C variadics
extern "C" {

int __real_prctl(int option, ...);
int __wrap_prctl(int option, ...) {
  va_list list;
  va_start(list, option);
  unsigned long a[4];
  for (unsigned long& argument : a) argument = va_arg(list, unsigned long);
  va_end(list);
  if (kernel.ordered && option == PR_SET_NO_NEW_PRIVS) function_called();
  if (is_fake() && option == PR_GET_PDEATHSIG) {
    *reinterpret_cast<int*>(a[0]) = is_faulty("pdeathsig", 0) ? 0 : SIGKILL;
    return 0;
  }
  if (is_fake()) return fake_prctl(option, a[0]);
  if (is_faulty("prctl", option)) return refuse(kernel.fault->error);
  return __real_prctl(option, a[0], a[1], a[2], a[3]);
}

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  std::array<long, 6> a;
  for (long& argument : a) argument = va_arg(list, long);
  va_end(list);
  const bool filter = number == SYS_seccomp && a[0] == SECCOMP_SET_MODE_FILTER && a[1] == 0;
  const bool layer =
      number == SYS_pivot_root || number == SYS_capset || number == SYS_landlock_restrict_self || filter;
  if (kernel.ordered && layer) function_called();
  if (is_fake()) return fake_syscall(number, a);
  if (is_faulty("syscall", number)) return refuse(kernel.fault->error);
  return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int __real_open(const char* path, int flags, ...);
int __wrap_open(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = va_arg(list, mode_t);
  va_end(list);
  if (is_fake()) return fake_open(path);
  const long selector = std::strstr(path, "oom_score_adj") != nullptr ? 4
                        : std::strstr(path, "uid_map") != nullptr     ? 1
                        : std::strcmp(path, "/dev/null") == 0         ? 2
                                                                      : 3;
  if (is_faulty("open", selector)) return refuse(kernel.fault->error);
  return __real_open(path, flags, mode);
}

int __real_close(int fd);
int __wrap_close(int fd) {
  if (!is_fake()) return __real_close(fd);
  if (fd >= static_cast<int>(kernel.open_fds.size())) return fd >= kFakeFd ? 0 : __real_close(fd);
  return changed("close", 0, [&] { kernel.open_fds[static_cast<size_t>(fd)] = false; });
}
int __real_close_range(unsigned first, unsigned last, int flags);
int __wrap_close_range(unsigned first, unsigned last, int flags) {
  if (is_fake())
    return changed("close_range", 0, [&] {
      for (unsigned fd = first; fd <= last && fd < kernel.open_fds.size(); ++fd) kernel.open_fds[fd] = false;
    });
  if (is_faulty("close_range", 0)) return refuse(kernel.fault->error);
  return __real_close_range(first, last, flags);
}
int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...) {
  va_list list;
  va_start(list, command);
  const long argument = va_arg(list, long);
  va_end(list);
  const bool small = fd >= 0 && fd < static_cast<int>(kernel.open_fds.size());
  if (is_fake() && command == F_GETFD)
    return small && kernel.open_fds[static_cast<size_t>(fd)] ? 0 : refuse(EBADF);
  if (is_faulty("fcntl", command)) return refuse(kernel.fault->error);
  return is_fake() ? kFakeFd : __real_fcntl(fd, command, argument);
}
int __real_dup2(int from, int to);
int __wrap_dup2(int from, int to) {
  if (is_faulty("dup2", 0)) return refuse(kernel.fault->error);
  if (is_fake()) kernel.open_fds[static_cast<size_t>(to)] = true;
  return is_fake() ? to : __real_dup2(from, to);
}

uid_t __real_geteuid(void);
uid_t __wrap_geteuid(void) { return is_fake() ? 60802 : __real_geteuid(); }
pid_t __real_getpid(void);
pid_t __wrap_getpid(void) { return is_fake() ? (is_faulty("getpid", 0) ? 7 : 1) : __real_getpid(); }
pid_t __real_getppid(void);
pid_t __wrap_getppid(void) { return is_fake() ? (is_faulty("getppid", 0) ? 7 : 1) : __real_getppid(); }
int __real_getresuid(uid_t* real, uid_t* effective, uid_t* saved);
int __wrap_getresuid(uid_t* real, uid_t* effective, uid_t* saved) {
  if (!is_fake()) return __real_getresuid(real, effective, saved);
  *real = *effective = 60802;
  *saved = is_faulty("getresuid", 0) ? 0 : 60802;
  return 0;
}
int __real_getresgid(gid_t* real, gid_t* effective, gid_t* saved);
int __wrap_getresgid(gid_t* real, gid_t* effective, gid_t* saved) {
  if (!is_fake()) return __real_getresgid(real, effective, saved);
  *real = *effective = *saved = is_faulty("getresgid", 0) ? 0 : 60802;
  return 0;
}
int __real_getgroups(int size, gid_t* list);
int __wrap_getgroups(int size, gid_t* list) {
  return is_fake() ? (is_faulty("getgroups", 0) ? 1 : 0) : __real_getgroups(size, list);
}
int __real_getsockopt(int fd, int level, int option, void* value, socklen_t* size);
int __wrap_getsockopt(int fd, int level, int option, void* value, socklen_t* size) {
  if (!is_fake()) return __real_getsockopt(fd, level, option, value, size);
  static_cast<ucred*>(value)->uid = is_faulty("getsockopt", 0) ? 60802 : 65534;
  return 0;
}
int __real_setresuid(uid_t real, uid_t effective, uid_t saved);
int __wrap_setresuid(uid_t real, uid_t effective, uid_t saved) {
  if (is_faulty("setresuid", 0)) return refuse(kernel.fault->error);
  return is_fake() ? refuse(EINVAL) : __real_setresuid(real, effective, saved);
}
int __real_setresgid(gid_t real, gid_t effective, gid_t saved);
int __wrap_setresgid(gid_t real, gid_t effective, gid_t saved) {
  if (is_faulty("setresgid", 0)) return refuse(kernel.fault->error);
  return __real_setresgid(real, effective, saved);
}
int __real_setgroups(size_t size, const gid_t* list);
int __wrap_setgroups(size_t size, const gid_t* list) {
  if (is_faulty("setgroups", 0)) return refuse(kernel.fault->error);
  return __real_setgroups(size, list);
}
pid_t __real_setsid(void);
pid_t __wrap_setsid(void) { return is_faulty("setsid", 0) ? refuse(kernel.fault->error) : __real_setsid(); }

int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...) {
  if (is_fake()) return is_faulty("ioctl", 0) ? refuse(kernel.fault->error) : kFakeFd;
  va_list list;
  va_start(list, request);
  const long argument = va_arg(list, long);
  va_end(list);
  return __real_ioctl(fd, request, argument);
}
int __real_fstat(int fd, struct stat* what);
int __wrap_fstat(int fd, struct stat* what) {
  if (!is_fake()) return __real_fstat(fd, what);
  *what = {};
  return 0;
}
int __real_mount(const char* from, const char* at, const char* type, unsigned long flags,
                 const void* options);
int __wrap_mount(const char* from, const char* at, const char* type, unsigned long flags,
                 const void* options) {
  if (!is_fake()) return __real_mount(from, at, type, flags, options);
  const long selector = type != nullptr ? 2 : (flags & MS_REMOUNT) != 0 ? 3 : 1;
  return changed("mount", selector, [&] {
    if (selector == 2) kernel.tmpfs_mounted = true;
    if (selector == 3) kernel.read_only = true;
  });
}
int __real_umount2(const char* at, int flags);
int __wrap_umount2(const char* at, int flags) {
  if (!is_fake()) return __real_umount2(at, flags);
  return changed("umount2", 0, [] { kernel.old_root_gone = true; });
}
int __real_chdir(const char* path);
int __wrap_chdir(const char* path) {
  if (is_fake()) return changed("chdir", 0, [] {});
  return is_faulty("chdir", 0) ? refuse(kernel.fault->error) : __real_chdir(path);
}
int __real_mkdir(const char* path, mode_t mode);
int __wrap_mkdir(const char* path, mode_t mode) {
  return is_fake() ? (kernel.read_only ? refuse(EROFS) : 0) : __real_mkdir(path, mode);
}
int __real_statfs(const char* path, struct statfs* what);
int __wrap_statfs(const char* path, struct statfs* what) {
  if (!is_fake()) return __real_statfs(path, what);
  what->f_type = kernel.pivoted ? TMPFS_MAGIC : 0xEF53;
  return 0;
}
DIR* __real_opendir(const char* path);
DIR* __wrap_opendir(const char* path) {
  if (!is_fake()) return __real_opendir(path);
  return reinterpret_cast<DIR*>(&kernel);
}
struct dirent* __real_readdir(DIR* folder);
struct dirent* __wrap_readdir(DIR* folder) {
  if (!is_fake()) return __real_readdir(folder);
  static struct dirent entry;
  std::strcpy(entry.d_name, "etc");
  return kernel.pivoted && kernel.old_root_gone ? nullptr : &entry;
}
int __real_closedir(DIR* folder);
int __wrap_closedir(DIR* folder) { return is_fake() ? 0 : __real_closedir(folder); }
int __real_dirfd(DIR* folder);
int __wrap_dirfd(DIR* folder) { return is_fake() ? kFakeFd : __real_dirfd(folder); }

int __real_getrlimit(int resource, struct rlimit* limit);
int __wrap_getrlimit(int resource, struct rlimit* limit) {
  if (!is_fake()) return __real_getrlimit(resource, limit);
  *limit = kernel.limits[static_cast<size_t>(resource)];
  return is_faulty("getrlimit", 0) ? refuse(kernel.fault->error) : 0;
}
int __real_setrlimit(int resource, const struct rlimit* limit);
int __wrap_setrlimit(int resource, const struct rlimit* limit) {
  if (!is_fake()) return __real_setrlimit(resource, limit);
  return changed("setrlimit", 0, [&] { kernel.limits[static_cast<size_t>(resource)] = *limit; });
}
int __real_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol) {
  return is_fake() ? kFakeFd : __real_socket(domain, type, protocol);
}
int __real_socketpair(int domain, int type, int protocol, int* ends);
int __wrap_socketpair(int domain, int type, int protocol, int* ends) {
  if (is_faulty("socketpair", 0)) return refuse(kernel.fault->error);
  return __real_socketpair(domain, type, protocol, ends);
}
int __real_bind(int fd, const struct sockaddr* address, socklen_t size);
int __wrap_bind(int fd, const struct sockaddr* address, socklen_t size) {
  if (!is_fake()) return __real_bind(fd, address, size);
  if (address->sa_family == AF_UNIX) return 0;
  return is_faulty("bind", 0) ? 0 : refuse(EACCES);
}
int __real_connect(int fd, const struct sockaddr* address, socklen_t size);
int __wrap_connect(int fd, const struct sockaddr* address, socklen_t size) {
  if (!is_fake()) return __real_connect(fd, address, size);
  return is_faulty("connect", 0) ? 0 : refuse(EPERM);
}
int __real_getsockname(int fd, struct sockaddr* address, socklen_t* size);
int __wrap_getsockname(int fd, struct sockaddr* address, socklen_t* size) {
  return is_fake() ? changed("getsockname", 0, [] {}) : __real_getsockname(fd, address, size);
}
int __real_kill(pid_t pid, int signal);
int __wrap_kill(pid_t pid, int signal) {
  if (!is_fake()) return __real_kill(pid, signal);
  return kernel.landlocked ? refuse(EPERM) : 0;
}
int __real_poll(struct pollfd* asked, nfds_t count, int timeout);
int __wrap_poll(struct pollfd* asked, nfds_t count, int timeout) {
  if (!is_fake()) return __real_poll(asked, count, timeout);
  for (nfds_t i = 0; i < count; ++i) {
    const auto fd = static_cast<size_t>(asked[i].fd);
    asked[i].revents = fd < kernel.open_fds.size() && kernel.open_fds[fd] ? 0 : POLLNVAL;
  }
  return 0;
}
// A lie of recv() is the end of the stream: the other side is gone.
ssize_t __real_recv(int fd, void* into, size_t size, int flags);
ssize_t __wrap_recv(int fd, void* into, size_t size, int flags) {
  const long selector = (flags & MSG_DONTWAIT) != 0 ? 2 : (flags & MSG_WAITALL) != 0 ? 3 : 1;
  if (is_faulty("recv", selector)) return kernel.fault->error != 0 ? refuse(kernel.fault->error) : 0;
  return __real_recv(fd, into, size, flags);
}

}  // extern "C"
// NOLINTEND
