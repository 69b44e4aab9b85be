// Runs in [attack] and its children.  What a call child could hold, open or use up: descriptors, files,
// sockets, devices, limits.
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "executor/attack/corpus.h"
#include "policy/limits.h"

namespace mcpbox::attack {
namespace {

constexpr int kOwnSocket = 3;     // jail::kCallLinkFd
constexpr int kEgressSocket = 4;  // jail::kCallEgressFd
constexpr int kDescriptors = 1024;
constexpr int kFamilies = 46;
constexpr int kPrctlOptions = 80;
constexpr long kHeap = MAP_PRIVATE | MAP_ANONYMOUS;
constexpr long kMiB = 1 << 20;

constexpr const char* kFiles[] = {
    "/",
    ".",
    "..",
    "/etc/passwd",
    "/etc/hostname",
    "/proc",
    "/proc/self",
    "/proc/1/mem",
    "/proc/self/maps",
    "/proc/self/fd/3",
    "/proc/sys/kernel/core_pattern",
    "/sys",
    "/sys/fs/cgroup",
    "/dev/null",
    "/dev/mem",
    "/dev/kvm",
    "/dev/shm",
    "/dev/ptmx",
    "/dev/fuse",
    "/tmp",
    "/run",
    "/var/lib",
    "/usr/bin/python3.11",
    "/proc/self/ns/user",
    "/sys/kernel/debug",
    "/proc/kallsyms",
    "/proc/keys",
    "/lib/x86_64-linux-gnu/libc.so.6",
};
constexpr long kRequests[] = {
    0x5401 /* TCGETS */,       0x5412 /* TIOCSTI */,          0x541b /* FIONREAD */,
    0x5421 /* FIONBIO */,      0x8901 /* FIOSETOWN */,        0x8912 /* SIOCGIFCONF */,
    0x8933 /* SIOCGIFINDEX */, 0x89e0 /* SIOCPROTOPRIVATE */, 0xb701 /* NS_GET_USERNS */};

// POLLNVAL is the kernel's word for "not open", and poll is let through.
int look_at(int descriptor) {
  pollfd one{descriptor, 0, 0};
  const int done = make({SYS_poll, reinterpret_cast<long>(&one), 1, 0});
  if (done != 0) return done;
  return (one.revents & POLLNVAL) != 0 ? EBADF : 0;
}

void add_descriptors(Attempts& into) {
  for (int fd = 0; fd < kDescriptors; ++fd) {
    const bool own = fd == kOwnSocket || fd == kEgressSocket;
    into.push_back(harmless((own ? "its socket, descriptor " : "inherited descriptor ") + std::to_string(fd),
                            [fd](const Ground&) { return look_at(fd); }, own ? kDone : refused(EBADF)));
  }
}

void add_files(Attempts& into) {
  for (const char* path : kFiles) {
    const std::string name = std::string(" of ") + path;
    into.push_back(harmless(
        "open" + name,
        [path](const Ground&) { return make({SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC}); },
        refused(EACCES)));
    into.push_back(harmless(
        "a handle" + name,
        [path](const Ground&) { return make({SYS_openat, AT_FDCWD, path, O_PATH | O_CLOEXEC}); },
        refused(EACCES)));
    into.push_back(harmless(
        "stat" + name,
        [path](const Ground&) {
          struct stat about;
          return make({SYS_newfstatat, AT_FDCWD, path, reinterpret_cast<long>(&about), 0});
        },
        refused(EACCES)));
  }
}

void add_sockets(Attempts& into) {
  for (const int type : {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET})
    for (int family = 0; family < kFamilies; ++family)
      into.push_back(harmless(
          "socket of family " + std::to_string(family) + ", type " + std::to_string(type),
          [family, type](const Ground&) { return make({SYS_socket, family, type, 0}); }, refused(EACCES)));
}

// The limits are in force, and none can be raised.
void add_limits(Attempts& into) {
  into.push_back(harmless(
      "more memory than a call may have",
      [](const Ground&) {
        return make({SYS_mmap, 0, static_cast<long>(policy::limits::kMemoryBytes) + kMiB,
                     PROT_READ | PROT_WRITE, kHeap, -1, 0});
      },
      refused(ENOMEM)));
  into.push_back(harmless(
      "more addresses than a call may have",
      [](const Ground&) { return make({SYS_mmap, 0, 1100 * kMiB, PROT_NONE, kHeap, -1, 0}); },
      refused(ENOMEM)));
  into.push_back(harmless(
      "more descriptors than a call may have",
      [](const Ground&) {
        pollfd many[64] = {};
        return make({SYS_poll, reinterpret_cast<long>(many), 64, 0});
      },
      refused(EINVAL)));
  into.push_back(harmless(
      "more CPU time",
      [](const Ground&) {
        const rlimit more{RLIM_INFINITY, RLIM_INFINITY};
        return make({SYS_prlimit64, 0, RLIMIT_CPU, reinterpret_cast<long>(&more), 0});
      },
      refused(EPERM)));
  for (int limit = 1; limit < RLIMIT_NLIMITS; ++limit)
    into.push_back(harmless(
        "limit " + std::to_string(limit),
        [limit](const Ground&) { return make({SYS_prlimit64, 0, limit, 0, 0}); }, refused(EPERM)));
}

void add_controls(Attempts& into) {
  for (int option = 1; option < kPrctlOptions; ++option)
    into.push_back(harmless(
        "prctl " + std::to_string(option),
        [option](const Ground&) { return make({SYS_prctl, option, -1, -1, -1, -1}); }, refused(EPERM)));
  for (const long request : kRequests)
    for (const int fd : {0, kOwnSocket, kEgressSocket})
      into.push_back(harmless(
          "ioctl " + std::to_string(request) + " of descriptor " + std::to_string(fd),
          [request, fd](const Ground&) { return make({SYS_ioctl, fd, request, 0}); }, refused(ENOTTY)));
  for (int bit = 0; bit < 32; ++bit)
    into.push_back(harmless(
        "clone with flag bit " + std::to_string(bit),
        [bit](const Ground&) {
          return make({SYS_clone, (1L << bit) | 0x10000 /* CLONE_THREAD, which alone no kernel accepts */, 0,
                       0, 0, 0});
        },
        refused(EAGAIN)));
}

}  // namespace

void add_belongings(Attempts& into, Corpus corpus) {
  add_descriptors(into);
  add_files(into);
  add_sockets(into);
  add_limits(into);
  if (corpus == Corpus::kLong) add_controls(into);
}

}  // namespace mcpbox::attack
