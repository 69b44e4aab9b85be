// Landlock for real, each case in a child: there is no way back.
#include "privsep/jail/landlock.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <functional>
#include <string>

#include "privsep/jail/identity.h"
#include "tests/privsep/jail/forms.h"

namespace mcpbox {
namespace {

using jail::AllowedPath;
using jail::Signals;

const long kAbi = test::offers().landlock_abi;

bool enter(std::span<const AllowedPath> paths, Signals signals) {
  return jail::forbid_new_privileges() && jail::enter_landlock(kAbi, paths, signals);
}

// The errno that `attempt` ends with in a child that has entered, 0 for success; 200 when it could not enter.
int after_entering(std::span<const AllowedPath> paths, Signals signals, const std::function<int()>& attempt) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(enter(paths, signals) ? (attempt() < 0 ? errno : 0) : 200);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 201;
}

int open_to_read(const char* path) { return ::open(path, O_RDONLY | O_CLOEXEC); }

TEST(Landlock, RefusesEveryFile) {
  EXPECT_EQ(after_entering({}, Signals::kOwnDomain, [] { return open_to_read("/etc/passwd"); }), EACCES);
  EXPECT_EQ(after_entering({}, Signals::kOwnDomain, [] { return ::mkdir("/tmp/landlock-test", 0700); }),
            EACCES);
  EXPECT_EQ(after_entering({}, Signals::kOwnDomain, [] { return ::execl("/bin/true", "true", nullptr); }),
            EACCES);
}

TEST(Landlock, LeavesAnAllowedFolderReadableAndNothingBesideIt) {
  const AllowedPath allowed[] = {{.path = "/etc", .rights = jail::kLandlockReadFile}};
  EXPECT_EQ(after_entering(allowed, Signals::kOwnDomain, [] { return open_to_read("/etc/passwd"); }), 0);
  EXPECT_EQ(after_entering(allowed, Signals::kOwnDomain, [] { return open_to_read("/usr/bin/env"); }),
            EACCES);
  EXPECT_EQ(after_entering(allowed, Signals::kOwnDomain,
                           [] { return ::open("/etc/new", O_CREAT | O_WRONLY, 0600); }),
            EACCES);
}

TEST(Landlock, RefusesAListWithAPathThatDoesNotExist) {
  const AllowedPath allowed[] = {{.path = "/nonexistent", .rights = jail::kLandlockReadFile}};
  EXPECT_FALSE(jail::make_ruleset(kAbi, allowed, Signals::kOwnDomain).has_value());
}

TEST(Landlock, OfLessThanTheOldestSupportedKernelIsRefused) {
  EXPECT_FALSE(jail::make_ruleset(1, {}, Signals::kOwnDomain).has_value());
  EXPECT_FALSE(jail::make_ruleset(0, {}, Signals::kOwnDomain).has_value());
}

TEST(Landlock, SaysWhichBetterFormsAnAbiHas) {
  EXPECT_EQ(jail::landlock_forms(2), 0u);
  EXPECT_EQ(jail::landlock_forms(3), policy::Layers{0} | policy::Better::kLandlockTruncate);
  EXPECT_TRUE(policy::contains(jail::landlock_forms(4), policy::Better::kLandlockNetwork));
  EXPECT_FALSE(policy::contains(jail::landlock_forms(5), policy::Better::kLandlockScopes));
  EXPECT_TRUE(policy::contains(jail::landlock_forms(6), policy::Better::kLandlockScopes));
}

TEST(Landlock, RefusesTcpInBothDirections) {
  if (kAbi < 4) GTEST_SKIP() << "ABI " << kAbi << " knows no network";
  const auto tcp = [](auto call) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0) return -1;
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(9);
    return call(socket, reinterpret_cast<const sockaddr*>(&address), static_cast<socklen_t>(sizeof address));
  };
  EXPECT_EQ(after_entering({}, Signals::kOwnDomain, [&] { return tcp(::connect); }), EACCES);
  EXPECT_EQ(after_entering({}, Signals::kOwnDomain, [&] { return tcp(::bind); }), EACCES);
}

base::Fd tcp_listener(sockaddr_in& address) {
  base::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(::bind(socket.get(), generic, size), 0);
  EXPECT_EQ(::listen(socket.get(), 1), 0);
  EXPECT_EQ(::getsockname(socket.get(), generic, &size), 0);
  return socket;
}

// The monitor's way to a database over TCP: that port, in that direction.
TEST(Landlock, LeavesOnePortToConnectToAndNoOther) {
  if (kAbi < 4) GTEST_SKIP() << "ABI " << kAbi << " knows no network";
  sockaddr_in ours, other;
  const base::Fd database = tcp_listener(ours);
  const base::Fd neighbour = tcp_listener(other);
  const auto ends_with = [&](const sockaddr_in& address, auto call) {
    const pid_t child = ::fork();
    if (child == 0) {
      const bool in = jail::forbid_new_privileges() &&
                      jail::enter_landlock(kAbi, {}, Signals::kOwnDomain, ntohs(ours.sin_port)).has_value();
      const base::Fd socket(::socket(AF_INET, SOCK_STREAM, 0));
      const int done = call(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
      ::_exit(in ? (done < 0 ? errno : 0) : 200);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 201;
  };
  EXPECT_EQ(ends_with(ours, ::connect), 0);
  EXPECT_EQ(ends_with(other, ::connect), EACCES);
  EXPECT_EQ(ends_with(ours, ::bind), EACCES);
}

// The monitor's way to its database.
TEST(Landlock, LetsAUnixSocketBeConnectedByPath) {
  char folder[] = "/tmp/landlock-test-XXXXXX";
  ASSERT_NE(::mkdtemp(folder), nullptr);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string path = std::string(folder) + "/socket";
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  const base::Fd listening(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ASSERT_TRUE(static_cast<bool>(listening));
  ASSERT_EQ(::bind(listening.get(), generic, sizeof address), 0);
  ASSERT_EQ(::listen(listening.get(), 1), 0);

  const auto connect = [&] {
    const base::Fd socket(::socket(AF_UNIX, SOCK_STREAM, 0));
    return socket ? ::connect(socket.get(), generic, sizeof address) : -1;
  };
  EXPECT_EQ(after_entering({}, Signals::kAnywhere, connect), 0);
  ::unlink(path.c_str());
  ::rmdir(folder);
}

TEST(Landlock, KeepsSignalsInsideExceptForTheMonitor) {
  if (kAbi < 6) GTEST_SKIP() << "ABI " << kAbi << " knows no scopes";
  const pid_t sibling = ::fork();
  if (sibling == 0) {
    for (;;) ::pause();
  }
  EXPECT_EQ(after_entering({}, Signals::kOwnDomain, [&] { return ::kill(sibling, 0); }), EPERM);
  EXPECT_EQ(after_entering({}, Signals::kAnywhere, [&] { return ::kill(sibling, 0); }), 0);
  ::kill(sibling, SIGKILL);
  ::waitpid(sibling, nullptr, 0);
}

// The zygote's domain does not keep it from ending its calls, whose domains lie inside its own.
TEST(Landlock, LetsADomainSignalTheDomainsInsideIt) {
  const int ended = after_entering({}, Signals::kOwnDomain, [] {
    const pid_t call = ::fork();
    if (call == 0) {
      if (!enter({}, Signals::kOwnDomain)) ::_exit(1);
      for (;;) ::pause();
    }
    if (::kill(call, SIGKILL) < 0) return -1;
    int status = 0;
    return ::waitpid(call, &status, 0) == call && WIFSIGNALED(status) ? 0 : -1;
  });
  EXPECT_EQ(ended, 0);
}

}  // namespace
}  // namespace mcpbox
