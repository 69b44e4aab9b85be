// Native code in a stolen egress or dialer, in their real jails: it connects nowhere that egress was not
// given a connection to, opens no file and no socket that is not its work, and nobody outside feels it.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "policy/layers.h"
#include "privsep/base/fd.h"
#include "privsep/jail/offers.h"
#include "privsep/jail/spawn_side.h"
#include "tests/attack/network_attempts.h"

namespace mcpbox {
namespace {

using test::NetworkAttempt;

constexpr uid_t kAttacker = 60898;

// Listens on loopback and in the abstract, and wants to hear from nobody.
class Outside {
 public:
  Outside() {
    ::listen(loopback_.get(), 8);  // without a bind the kernel chooses a port
    sockaddr_un named{};
    named.sun_family = AF_UNIX;
    const std::string text = std::string(1, '\0') + name_;
    text.copy(&named.sun_path[0], sizeof named.sun_path);
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + text.size());
    EXPECT_EQ(::bind(abstract_.get(), reinterpret_cast<sockaddr*>(&named), size), 0);
    EXPECT_EQ(::listen(abstract_.get(), 8), 0);
  }
  [[nodiscard]] std::string port() const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    EXPECT_EQ(::getsockname(loopback_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    return std::to_string(ntohs(address.sin_port));
  }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] bool was_connected_to() const {
    pollfd waits[] = {{loopback_.get(), POLLIN, 0}, {abstract_.get(), POLLIN, 0}};
    return ::poll(&waits[0], 2, 0) > 0;
  }

 private:
  base::Fd loopback_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  base::Fd abstract_{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::string name_ = "mcpbox-attack-" + std::to_string(::getpid());
};

class NetworkJails : public ::testing::TestWithParam<NetworkAttempt> {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "starting a process under another uid needs root";
  }

  // How the attempt ends in a process of this kind; kNotTried when it is not for it.
  int ending(const char* role, policy::Layers layers, int expected) {
    if (expected == test::kItsWork || expected == test::kNotTried) return expected;
    int link[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, link) != 0) return -1;
    const base::Fd ours(link[0]), theirs(link[1]);
    const base::Fd given(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const std::string port = outside.port();
    const std::string pid = std::to_string(::getpid());
    const char* const argv[] = {MCPBOX_NETWORK_ATTACKER, role,        GetParam().name, port.c_str(),
                                outside.name().c_str(),  pid.c_str(), nullptr};
    const jail::DescriptorMove moves[] = {{.from = theirs.get(), .to = 3},
                                          {.from = given.get(), .to = test::kGivenFd}};
    const base::Result<jail::Spawned> child = jail::spawn({.path = MCPBOX_NETWORK_ATTACKER,
                                                           .argv = argv,
                                                           .uid = kAttacker,
                                                           .gid = kAttacker,
                                                           .namespaces = jail::namespaces_for(layers),
                                                           .descriptors = moves});
    if (!child) {
      ADD_FAILURE() << child.error().text;
      return -1;
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child->pid, &status, 0), child->pid);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
  }

  const Outside outside;
};

TEST_P(NetworkJails, EndsAsWritten) {
  constexpr long kAbstractSockets = 6;  // the form of Landlock that closes them
  if (std::string_view(GetParam().name) == "an abstract socket" &&
      jail::kernel_offers().landlock_abi < kAbstractSockets)
    GTEST_SKIP() << "this kernel has no wall around abstract sockets";
  EXPECT_EQ(ending("egress", policy::kEgressLayers, GetParam().in_egress), GetParam().in_egress)
      << "in egress";
  EXPECT_FALSE(outside.was_connected_to()) << "by egress";
  EXPECT_EQ(ending("dialer", policy::kDialerLayers, GetParam().in_dialer), GetParam().in_dialer)
      << "in the dialer";
  EXPECT_FALSE(outside.was_connected_to()) << "by the dialer";
}

// An attempt that fails everywhere would show nothing.
TEST_P(NetworkJails, IsARealAttempt) {
  EXPECT_EQ(ending("free", 0, GetParam().free), GetParam().free);
  const bool connects = std::string_view(GetParam().name).find("connect") != std::string_view::npos ||
                        std::string_view(GetParam().name) == "an abstract socket";
  EXPECT_EQ(outside.was_connected_to(), connects);
}

INSTANTIATE_TEST_SUITE_P(Attempts, NetworkJails, ::testing::ValuesIn(test::kNetworkAttempts),
                         [](const auto& one) {
                           std::string name(one.param.name);
                           for (char& c : name)
                             if (c == ' ') c = '_';
                           return name;
                         });

}  // namespace

}  // namespace mcpbox
