// A stolen egress or dialer: holds what the real one holds, enters its jail by the same code, and makes one
// attempt, by name.  network_jails_test.cc says how each must end.
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "egress/dialer/routes.h"
#include "privsep/jail/jail.h"
#include "tests/attack/network_attempts.h"

namespace mcpbox::test {
namespace {

// Where the bystander of the test listens, and who it is.
struct Target {
  std::uint16_t port = 0;
  std::string_view abstract_name;
  pid_t pid = 0;
  int routes = -1;
};

int ending(long result) { return result < 0 ? errno : kDone; }
template <class... Arguments>
int call(long number, Arguments... arguments) {
  return ending(::syscall(number, arguments...));
}
int a_socket(int family, int type, int protocol = 0) { return ending(::socket(family, type, protocol)); }
int open_file(const char* path, int flags = O_RDONLY) {
  return ending(::open(path, flags | O_CLOEXEC, 0600));
}

sockaddr_in loopback(const Target& target) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(target.port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int connect_given(const Target& target) {
  const sockaddr_in address = loopback(target);
  return ending(::connect(kGivenFd, reinterpret_cast<const sockaddr*>(&address), sizeof address));
}
int send_given(const Target& target, int flags) {
  const sockaddr_in address = loopback(target);
  return ending(::sendto(kGivenFd, "x", 1, flags | MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
                         sizeof address));
}
int sendmsg_given(const Target& target) {
  sockaddr_in address = loopback(target);
  char byte = 'x';
  iovec part{.iov_base = &byte, .iov_len = 1};
  msghdr message{};
  message.msg_name = &address;
  message.msg_namelen = sizeof address;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  return ending(::sendmsg(kGivenFd, &message, MSG_FASTOPEN | MSG_NOSIGNAL));
}
int connect_unix(std::string_view name) {
  const int made = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (made < 0) return errno;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(&address.sun_path, name.data(), name.size());
  return ending(::connect(made, reinterpret_cast<const sockaddr*>(&address),
                          static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size())));
}
int bind_given() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  return ending(::bind(kGivenFd, reinterpret_cast<const sockaddr*>(&address), sizeof address));
}
int option_of_given(int name) {
  constexpr int kOn = 1;
  return ending(::setsockopt(kGivenFd, SOL_SOCKET, name, &kOn, sizeof kOn));
}

// An order to the kernel over the socket that asks about routes; its answer is an error, or 0.
template <class Body>
int order(const Target& target, std::uint16_t type, std::uint16_t flags, Body body) {
  struct {
    nlmsghdr head;
    Body body;
    rtattr attribute;
    std::array<unsigned char, 4> address;
  } message{};
  message.head.nlmsg_len = sizeof message;
  message.head.nlmsg_type = type;
  message.head.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
  message.body = body;
  message.attribute.rta_len = RTA_LENGTH(4);
  message.attribute.rta_type = RTA_DST;  // and IFA_ADDRESS, which is the same number
  message.address = {127, 0, 0, 1};
  if (::sendto(target.routes, &message, sizeof message, 0, nullptr, 0) < 0) return errno;
  struct {
    nlmsghdr head;
    nlmsgerr error;
  } answer{};
  if (::recvfrom(target.routes, &answer, sizeof answer, 0, nullptr, nullptr) < 0) return errno;
  return answer.head.nlmsg_type == NLMSG_ERROR ? -answer.error.error : kNoAttempt;
}
int new_route(const Target& target) {
  rtmsg route{};
  route.rtm_family = AF_INET;
  route.rtm_dst_len = 32;
  route.rtm_table = RT_TABLE_MAIN;
  route.rtm_type = RTN_BLACKHOLE;
  return order(target, RTM_NEWROUTE, NLM_F_CREATE, route);
}
int address_less(const Target& target) {
  ifaddrmsg address{};
  address.ifa_family = AF_INET;
  address.ifa_prefixlen = 8;
  address.ifa_index = 1;
  return order(target, RTM_DELADDR, 0, address);
}
int device_down(const Target& target) {
  ifinfomsg device{};
  device.ifi_index = 1;
  device.ifi_change = 1;
  return order(target, RTM_NEWLINK, 0, device);
}

int forked() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  return ending(child);
}
int read_memory(const Target& target) {
  std::array<char, 8> into{};
  iovec ours{.iov_base = into.data(), .iov_len = into.size()};
  iovec theirs{.iov_base = into.data(), .iov_len = into.size()};
  return ending(::process_vm_readv(target.pid, &ours, 1, &theirs, 1, 0));
}
int new_code() {
  void* const page = ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return page == MAP_FAILED ? errno : kDone;
}
int old_code() {
  void* const page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return ending(::mprotect(page, 4096, PROT_READ | PROT_EXEC));
}
int execute() {
  const std::array<const char*, 2> words{"/bin/true", nullptr};
  const std::array<const char*, 1> none{nullptr};
  return call(SYS_execve, words[0], words.data(), none.data());
}
int create_file() {
  const int status = open_file("/tmp/mcpbox-network-attacker", O_WRONLY | O_CREAT);
  if (status == kDone) ::unlink("/tmp/mcpbox-network-attacker");
  return status;
}

using Attempt = int (*)(const Target& target);
struct Named {
  std::string_view name;
  Attempt attempt;
};

// clang-format off
constexpr Named kAttempts[] = {
    {"a TCP socket",              [](const Target&) { return a_socket(AF_INET, SOCK_STREAM); }},
    {"a raw socket",              [](const Target&) { return a_socket(AF_INET, SOCK_RAW, IPPROTO_TCP); }},
    {"a packet socket",           [](const Target&) { return a_socket(AF_PACKET, SOCK_RAW); }},
    {"a netlink socket",          [](const Target&) { return a_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE); }},
    {"a crypto socket",           [](const Target&) { return a_socket(AF_ALG, SOCK_SEQPACKET); }},
    {"a vsock socket",            [](const Target&) { return a_socket(AF_VSOCK, SOCK_STREAM); }},
    {"a Unix datagram socket",    [](const Target&) { return a_socket(AF_UNIX, SOCK_DGRAM); }},
    {"a socket pair",             [](const Target&) { std::array<int, 2> ends{}; return ending(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data())); }},
    {"an io_uring",               [](const Target&) { return call(SYS_io_uring_setup, 1, nullptr); }},
    {"connect of a given socket", connect_given},
    {"send to an address",        [](const Target& target) { return send_given(target, 0); }},
    {"sendto that connects",      [](const Target& target) { return send_given(target, MSG_FASTOPEN); }},
    {"sendmsg that connects",     sendmsg_given},
    {"an abstract socket",        [](const Target& target) { return connect_unix(target.abstract_name); }},
    {"the control socket",        [](const Target&) { return connect_unix("/run/mcpbox/control.sock"); }},
    {"bind",                      [](const Target&) { return bind_given(); }},
    {"listen",                    [](const Target&) { return ending(::listen(kGivenFd, 1)); }},
    {"accept",                    [](const Target&) { return ending(::accept4(kGivenFd, nullptr, nullptr, SOCK_NONBLOCK)); }},
    {"SO_REUSEPORT",              [](const Target&) { return option_of_given(SO_REUSEPORT); }},
    {"SO_BINDTODEVICE",           [](const Target&) { return option_of_given(SO_BINDTODEVICE); }},
    {"a new route",               new_route},
    {"an address less",           address_less},
    {"a device down",             device_down},
    {"open passwd",               [](const Target&) { return open_file("/etc/passwd"); }},
    {"open shadow",               [](const Target&) { return open_file("/etc/shadow"); }},
    {"open the master key",       [](const Target&) { return open_file("/var/lib/mcpbox/master.key"); }},
    {"open proc",                 [](const Target&) { return open_file("/proc/self/maps"); }},
    {"open hosts to write",       [](const Target&) { return open_file("/etc/hosts", O_WRONLY); }},
    {"create a file",             [](const Target&) { return create_file(); }},
    {"open the old way",          [](const Target&) { return call(SYS_open, "/etc/passwd", O_RDONLY); }},
    {"openat2",                   [](const Target&) { std::array<std::uint64_t, 3> how{}; return call(SYS_openat2, AT_FDCWD, "/etc/passwd", how.data(), sizeof how); }},
    {"a memory file",             [](const Target&) { return call(SYS_memfd_create, "x", 0); }},
    {"mount",                     [](const Target&) { return call(SYS_mount, "none", "/", "tmpfs", 0, nullptr); }},
    {"chroot",                    [](const Target&) { return call(SYS_chroot, "/"); }},
    {"execve",                    [](const Target&) { return execute(); }},
    {"fork",                      [](const Target&) { return forked(); }},
    {"a thread",                  [](const Target&) { return call(SYS_clone, CLONE_VM | CLONE_SIGHAND | CLONE_THREAD, nullptr, nullptr, nullptr, 0); }},
    {"SIGKILL",                   [](const Target& target) { return ending(::kill(target.pid, SIGKILL)); }},
    {"SIGTERM",                   [](const Target& target) { return ending(::kill(target.pid, SIGTERM)); }},
    {"ptrace",                    [](const Target& target) { return call(SYS_ptrace, PTRACE_SEIZE, target.pid, nullptr, nullptr); }},
    {"process_vm_readv",          read_memory},
    {"pidfd_open",                [](const Target& target) { return call(SYS_pidfd_open, target.pid, 0); }},
    {"code in new memory",        [](const Target&) { return new_code(); }},
    {"code in old memory",        [](const Target&) { return old_code(); }},
    {"a user namespace",          [](const Target&) { return call(SYS_unshare, CLONE_NEWUSER); }},
    {"setns",                     [](const Target&) { return call(SYS_setns, kGivenFd, CLONE_NEWNET); }},
    {"setuid",                    [](const Target&) { return call(SYS_setuid, 0); }},
    {"prctl",                     [](const Target&) { return call(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0); }},
    {"bpf",                       [](const Target&) { return call(SYS_bpf, 0, nullptr, 0); }},
    {"a key",                     [](const Target&) { return call(SYS_add_key, "user", "x", "x", 1, -3); }},
    {"shared memory",             [](const Target&) { return call(SYS_shmget, 0, 4096, 01600); }},
    {"a performance counter",     [](const Target&) { return call(SYS_perf_event_open, nullptr, 0, -1, -1, 0); }},
    {"userfaultfd",               [](const Target&) { return call(SYS_userfaultfd, 0); }},
};
// clang-format on

template <class Number>
Number number(std::string_view text) {
  Number value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

bool enter(std::string_view role, int routes) {
  constexpr int kLink = 3;
  std::vector<int> keep{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO, kLink, kGivenFd};
  if (role == "free") return true;
  if (role == "egress") return jail::enter(jail::jail_for_egress(0, keep)).has_value();
  keep.push_back(routes);
  const std::vector<const char*> shown = jail::name_service_paths();
  return jail::enter(jail::jail_for_dialer(0, keep, shown)).has_value();
}

int run(std::string_view role, std::string_view name, Target target) {
  // As egress/dialer/main.cc opens it; egress has none.
  base::Result<dialer::Routes> routes = dialer::Routes::open();
  if (!routes) return kNotJailed;
  if (role != "egress") target.routes = routes->fd();
  if (!enter(role, routes->fd())) return kNotJailed;
  for (const Named& one : kAttempts)
    if (one.name == name) return one.attempt(target);
  return kNoAttempt;
}

}  // namespace
}  // namespace mcpbox::test

// network_attacker ROLE ATTEMPT PORT ABSTRACT_NAME PID
int main(int argc, char** argv) {
  using namespace mcpbox::test;
  if (argc != 6) return kNoAttempt;
  std::string name(argv[4]);
  name.insert(name.begin(), '\0');
  const Target target{
      .port = number<std::uint16_t>(argv[3]), .abstract_name = name, .pid = number<pid_t>(argv[5])};
  ::_exit(run(argv[1], argv[2], target));
}
