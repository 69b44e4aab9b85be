// Mirrors egress/dialer/routes.cc, in a network namespace of the test's own: which addresses are this
// machine's, by the kernel's own tables, and what the dialer makes of it.
#include "egress/dialer/routes.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "egress/dialer/serve.h"
#include "privsep/loop/task_set.h"
#include "privsep/protocol/messages_egress.h"

namespace mcpbox::dialer {
namespace {

using policy::Leads;

void run(const std::string& command) {
  ASSERT_EQ(std::system(command.c_str()), 0) << command;  // NOLINT(cert-env33-c): fixed words
}

policy::Address address(const char* text) { return policy::parse_address(text).value(); }

class RoutesTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    const int spaces = ::geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET;
    ASSERT_EQ(::unshare(spaces), 0) << std::strerror(errno);
    for (const char* command :
         {"ip link set lo up", "ip link add wire type veth peer name nobody", "ip link set wire arp off",
          "ip link set wire up", "ip link set nobody up", "ip addr add 8.8.4.1/24 dev wire",
          "ip addr add 8.8.4.2/24 dev wire",  // its source would be 8.8.4.1
          "ip addr add 192.168.7.1/24 dev wire", "ip -6 addr add 2606:4700::1/64 dev wire nodad",
          "ip route add local 9.9.8.0/24 dev lo", "ip -6 route add local 2606:4701::/64 dev lo",
          "ip route add 1.1.1.0/24 dev wire", "ip -6 route add 2606:4702::/64 dev wire",
          "ip route add unreachable 1.1.2.0/24", "ip route add prohibit 1.1.3.0/24"})
      run(command);
  }
  void SetUp() override {
    base::Result<Routes> opened = Routes::open();
    ASSERT_TRUE(opened.has_value()) << opened.error().text;
    routes_.emplace(std::move(*opened));
  }
  std::optional<Routes> routes_;
};

TEST_F(RoutesTest, EveryAddressOfThisMachineLeadsHere) {
  for (const char* own : {"127.0.0.1", "127.1.2.3", "::1", "8.8.4.1", "8.8.4.2", "192.168.7.1", "9.9.8.77",
                          "2606:4700::1", "2606:4701::abcd", "8.8.4.255"})
    EXPECT_EQ(routes_->leads(address(own)), Leads::kHere) << own;
}

TEST_F(RoutesTest, OthersLeadAwayWithARouteAndWithout) {
  for (const char* other : {"8.8.4.3", "1.1.1.1", "192.168.7.2", "2606:4700::2", "2606:4702::1", "1.1.2.1",
                            "1.1.3.1", "5.5.5.5", "2a00::1"})
    EXPECT_EQ(routes_->leads(address(other)), Leads::kAway) << other;
}

TEST_F(RoutesTest, AnAddressThatComesAndGoesIsSeenAtOnce) {
  for (const char* one : {"1.1.1.7", "2606:4702::7"}) {
    const std::string family = std::string_view(one).contains(':') ? "-6 " : "-4 ";
    const std::string bits = std::string_view(one).contains(':') ? "/128" : "/32";
    for (int round = 0; round < 4; ++round) {
      EXPECT_EQ(routes_->leads(address(one)), Leads::kAway);
      run("ip " + family + "addr add " + one + bits + " dev lo");
      EXPECT_EQ(routes_->leads(address(one)), Leads::kHere);
      run("ip " + family + "addr del " + one + bits + " dev lo");
    }
  }
}

TEST_F(RoutesTest, WhatTheKernelDoesNotTellIsNotConnectedTo) {
  // A socket that answers nothing stands where the kernel's was.
  const base::Fd silent(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ASSERT_EQ(::dup3(silent.get(), routes_->fd(), O_CLOEXEC), routes_->fd());
  EXPECT_EQ(routes_->leads(address("1.1.1.1")), Leads::kHere);
}

// --- And the dialer itself, with a monitor and an egress that are the test --------------------------------

class OwnAddressTest : public RoutesTest {
 protected:
  void SetUp() override {
    RoutesTest::SetUp();
    listener_.reset(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in6 everywhere{};
    everywhere.sin6_family = AF_INET6;
    everywhere.sin6_port = htons(kPort);
    ASSERT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&everywhere), sizeof everywhere), 0);
    ASSERT_EQ(::listen(listener_.get(), 8), 0);
    auto [monitor, to_monitor] = pair();
    auto [to_egress, egress] = pair();
    service_.emplace(
        loop_, log_, [this](const policy::Address& one) { return where_to_(one); }, std::move(to_monitor));
    monitor_.emplace(
        loop_, std::move(monitor), loop::LinkLimits{.max_payload = 1 << 16}, [](const wire::Frame&) {},
        [](const base::Error&) {});
    egress_.emplace(
        loop_, std::move(egress), loop::LinkLimits{.max_payload = 1 << 16, .fds_in = 1},
        [](const wire::Frame&) {}, [](const base::Error&) {});
    protocol::Partner partner{.socket = std::move(to_egress)};
    ASSERT_TRUE(monitor_->notify(partner));
  }
  static std::pair<base::Fd, base::Fd> pair() {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) std::abort();
    return {base::Fd(ends[0]), base::Fd(ends[1])};
  }
  // Whether a connection is made under a grant of exactly this host; the words when none is.
  std::string dial(const char* host, std::uint16_t port_of_grant, bool private_too) {
    said_.reset();
    tasks_.spawn(ask(host, port_of_grant, private_too));
    loop::Timer late(loop_, [this] { loop_.stop(); });
    late.start(60'000);
    if (!said_) loop_.run();
    return said_.value_or("no answer");
  }
  bool somebody_came() {
    const base::Fd client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    return static_cast<bool>(client);
  }

  static constexpr std::uint16_t kPort = 4433;
  std::function<Leads(const policy::Address&)> where_to_ = [this](const policy::Address& one) {
    return routes_->leads(one);
  };

 private:
  loop::Task<> ask(const char* host, std::uint16_t port_of_grant, bool private_too) {
    protocol::AllowDials order{.grant = wire::Id{7}, .hosts = {}};
    protocol::GrantedHost& one = order.hosts.emplace_back();
    one.host = std::string_view(host);
    one.port = port_of_grant;
    one.private_too = private_too;
    const base::Result<protocol::Done> done = co_await loop::attempt(monitor_->ask(order));
    EXPECT_TRUE(done.has_value());
    protocol::Dial question{
        .grant = wire::Id{7}, .host = std::string_view(host), .port = kPort, .timeout_ms = 20'000};
    const base::Result<protocol::Dialled> made = co_await loop::attempt(egress_->ask(question));
    said_ = made ? "connected" : made.error().text;
    loop_.stop();
    co_return loop::Nothing{};
  }

  base::Log log_{"test"};
  base::Fd listener_;
  loop::Loop loop_;
  std::optional<Service> service_;
  std::optional<loop::Link> monitor_;
  std::optional<loop::Link> egress_;
  std::optional<std::string> said_;
  loop::TaskSet tasks_;
};

TEST_F(OwnAddressTest, IsReachedWhereAPersonApprovedExactlyHostAndPort) {
  for (const char* own : {"8.8.4.1", "8.8.4.2", "9.9.8.77", "2606:4700::1", "2606:4701::abcd"}) {
    for (const std::uint16_t port : {std::uint16_t{0}, kPort}) {
      EXPECT_NE(dial(own, port, false).find("an address of this machine itself"), std::string::npos) << own;
      EXPECT_FALSE(somebody_came()) << own;
    }
    EXPECT_NE(dial(own, 0, true).find("an address of this machine itself"), std::string::npos) << own;
    EXPECT_FALSE(somebody_came()) << own;
    EXPECT_EQ(dial(own, kPort, true), "connected") << own;
    EXPECT_TRUE(somebody_came()) << own;
  }
}

// Who gives the machine an address while a connection to it is being made gains nothing.
TEST_F(OwnAddressTest, IsLookedAtAgainWhenTheConnectionIsMade) {
  int looks = 0;
  where_to_ = [&looks](const policy::Address&) { return ++looks == 1 ? Leads::kAway : Leads::kHere; };
  EXPECT_NE(dial("8.8.4.1", 0, false).find("an address of this machine itself"), std::string::npos);
  EXPECT_EQ(looks, 2);
}

}  // namespace
}  // namespace mcpbox::dialer
