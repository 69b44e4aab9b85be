// The property that matters most, seen from outside: whatever a tool asks for and whatever name servers say,
// no packet leaves for an address that is forbidden.  The dialer's own choice and connect() run in a network
// namespace of the test's own, where every packet of every device is captured, the loopback device's
// included.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/in.h>
#include <netinet/ip6.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <optional>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "egress/dialer/choose.h"
#include "egress/dialer/connect.h"
#include "egress/dialer/routes.h"
#include "privsep/loop/task_set.h"

namespace mcpbox::dialer {
namespace {

using policy::Address;
using policy::HostRule;

// Written from the registries again, apart from policy/addresses: what is forbidden to everybody, and what is
// private.
struct Prefix {
  const char* address;
  unsigned bits;
};
constexpr Prefix kForbidden[] = {
    {"0.0.0.0", 8},      {"127.0.0.0", 8},       {"169.254.0.0", 16}, {"100.64.0.0", 10}, {"192.0.0.0", 24},
    {"192.0.2.0", 24},   {"198.51.100.0", 24},   {"203.0.113.0", 24}, {"198.18.0.0", 15}, {"192.88.99.0", 24},
    {"224.0.0.0", 3},    {"168.63.129.16", 32},  {"::", 96},          {"::ffff:0:0", 96}, {"64:ff9b::", 96},
    {"64:ff9b:1::", 48}, {"100::", 64},          {"2001::", 23},      {"2001:db8::", 32}, {"2002::", 16},
    {"3fff::", 20},      {"fd00:ec2::254", 128}, {"fe80::", 10},      {"fec0::", 10},     {"ff00::", 8}};
constexpr Prefix kPrivate[] = {{"10.0.0.0", 8}, {"172.16.0.0", 12}, {"192.168.0.0", 16}, {"fc00::", 7}};

// The addresses of the machine in this test.
constexpr const char* kOwn[] = {"8.8.4.1", "8.8.4.2", "2606:4700::1"};
bool is_own(const Address& address) {
  return std::ranges::any_of(kOwn,
                             [&address](const char* own) { return policy::parse_address(own) == address; });
}

bool is_in(const Address& address, const Prefix& prefix) {
  const Address base = policy::parse_address(prefix.address).value();
  if (base.v6 != address.v6) return false;
  for (unsigned bit = 0; bit < prefix.bits; ++bit) {
    const unsigned shift = 7 - bit % 8;
    if (((base.bytes.at(bit / 8) ^ address.bytes.at(bit / 8)) >> shift & 1U) != 0) return false;
  }
  return true;
}
template <std::size_t N>
bool is_in_one(const Address& address, const Prefix (&prefixes)[N]) {
  for (const Prefix& prefix : prefixes)
    if (is_in(address, prefix)) return true;
  return false;
}

class CaptureTest : public testing::Test {
 protected:
  // `wire` leads everywhere, and nobody is at its other end.
  static void SetUpTestSuite() {
    const int spaces = ::geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET;
    ASSERT_EQ(::unshare(spaces), 0) << std::strerror(errno);
    for (const char* command :
         {"ip link set lo up", "ip link add wire type veth peer name nobody", "ip link set wire arp off",
          "ip addr add 8.8.4.1/24 dev wire", "ip addr add 8.8.4.2/24 dev wire", "ip link set wire up",
          "ip link set nobody up", "ip -6 addr add 2606:4700::1/128 dev wire nodad",
          "ip route add default dev wire", "ip -6 route add default dev wire"})
      ASSERT_EQ(std::system(command), 0) << command;  // NOLINT(cert-env33-c): fixed words
  }
  void SetUp() override {
    capture_.reset(::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, htons(ETH_P_ALL)));
    ASSERT_TRUE(capture_) << std::strerror(errno);
    constexpr int kRoom = 64 << 20;
    static_cast<void>(::setsockopt(capture_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kRoom, sizeof kRoom));
  }

  // Where TCP packets went since the last time; with those that the kernel answers itself left out.
  std::vector<Address> captured() {
    std::vector<Address> to;
    std::array<unsigned char, 256> packet{};
    sockaddr_ll from{};
    for (;;) {
      socklen_t size = sizeof from;
      const ssize_t got = ::recvfrom(capture_.get(), packet.data(), packet.size(), MSG_TRUNC,
                                     reinterpret_cast<sockaddr*>(&from), &size);
      if (got < 0) return to;
      if (from.sll_pkttype != PACKET_OUTGOING) continue;
      Address address;
      if (ntohs(from.sll_protocol) == ETH_P_IP && packet[9] == IPPROTO_TCP) {
        std::memcpy(address.bytes.data(), &packet[16], 4);
      } else if (ntohs(from.sll_protocol) == ETH_P_IPV6 && packet[6] == IPPROTO_TCP) {
        address.v6 = true;
        std::memcpy(address.bytes.data(), &packet[24], 16);
      } else {
        continue;
      }
      to.push_back(address);
    }
  }
  // Begins to connect and gives up at once: the packet is on its way by then.
  void begin_to_connect(std::vector<Address> addresses, std::uint16_t port) {
    loop::TaskSet tasks;
    tasks.spawn(give_up(loop_, std::move(addresses), port));
  }

  loop::Loop loop_;
  base::Fd capture_;

 private:
  static loop::Task<> give_up(loop::Loop& loop, std::vector<Address> addresses, std::uint16_t port) {
    const base::Result<Connection> socket =
        co_await loop::attempt(connect_to_one(loop, std::move(addresses), port, 1'000));
    static_cast<void>(socket);
    co_return loop::Nothing{};
  }
};

HostRule rule(const char* host, std::uint16_t port, bool private_too) {
  HostRule made = policy::read_host_rule(host).value();
  made.port = port;
  made.private_too = private_too;
  return made;
}

// A test that would see nothing proves nothing.
TEST_F(CaptureTest, SeesEveryAddressThatIsConnectedTo) {
  for (const char* one : {"127.0.0.1", "127.9.9.9", "::1", "10.0.0.1", "169.254.169.254", "198.18.0.1",
                          "1.1.1.1", "2606:4700::1111", "fe80::1", "2001:db8::1", "100.64.0.1"}) {
    static_cast<void>(captured());
    const Address address = policy::parse_address(one).value();
    begin_to_connect({address}, 9);
    const std::vector<Address> seen = captured();
    // A link-local address needs a device, which nothing here names: the kernel refuses by itself.
    if (std::string_view(one) == "fe80::1") continue;
    ASSERT_FALSE(seen.empty()) << one;
    EXPECT_EQ(seen.front(), address) << policy::text_of(seen.front());
  }
}

// What the runtime of a tool tells egress of a URL (urls.py: httpx reads them); nothing for one that it
// refuses.
struct Told {
  std::string host;
  std::uint16_t port = 0;
};
std::vector<std::optional<Told>> read_urls(int count) {
  std::vector<std::optional<Told>> all;
  const std::string script = MCPBOX_SOURCE_DIR "/tests/egress/urls.py";
  const std::string command = "/usr/bin/python3 -B " + script + " 20261130 " + std::to_string(count);
  FILE* const lines = ::popen(command.c_str(), "re");  // NOLINT(cert-env33-c): fixed words
  if (lines == nullptr) return all;
  std::array<char, 4096> line{};
  while (std::fgets(line.data(), line.size(), lines) != nullptr) {
    std::istringstream words(line.data());
    std::string hex;
    Told told;
    if (!(words >> hex >> told.port)) {
      all.emplace_back();
      continue;
    }
    for (std::size_t at = 0; at + 1 < hex.size(); at += 2)
      told.host += static_cast<char>(std::stoi(hex.substr(at, 2), nullptr, 16));
    all.emplace_back(std::move(told));
  }
  return ::pclose(lines) == 0 ? all : std::vector<std::optional<Told>>{};
}

// Near an edge of the table, or anywhere; sometimes one of this machine.
Address some_answer(std::mt19937& random) {
  if (random() % 16 == 0) return policy::parse_address(kOwn[random() % std::size(kOwn)]).value();
  const auto table = policy::address_table();
  Address answer = table[random() % table.size()].address;
  for (std::size_t at = random() % 16; at < 16; ++at)
    answer.bytes.at(at) = static_cast<unsigned char>(random());
  if (!answer.v6) std::fill(answer.bytes.begin() + 4, answer.bytes.end(), 0);
  return answer;
}

TEST_F(CaptureTest, OfAHundredThousandUrlsAndAnswersNoneLeadsAPacketToAForbiddenAddress) {
  const std::vector<std::vector<HostRule>> grants = {
      {rule("nas.lan", 443, true), rule("*.example.com", 443, true), rule("10.0.0.1", 443, true)},
      {rule("127.0.0.1", 443, true), rule("fd00::1", 443, true), rule("1.1.1.1", 0, false)},
      {rule("*", 0, false)},
      {rule("*", 0, false), rule("nas.lan", 443, true)},
      {rule("169.254.169.254", 443, true), rule("fd00:ec2::254", 443, true), rule("nas.lan", 0, true)}};
  std::mt19937 random(
      20261130);  // NOLINT(cert-msc51-cpp,bugprone-random-generator-seed): the same every time
  base::Result<Routes> routes = Routes::open();
  ASSERT_TRUE(routes.has_value());
  const auto where_to = [&routes](const Address& one) { return routes->leads(one); };
  int pairs = 0;
  std::size_t packets = 0;
  std::size_t to_private = 0;
  std::size_t to_own = 0;
  for (const std::optional<Told>& told : read_urls(125'000)) {
    if (!told) continue;  // refused before anybody is asked
    ++pairs;
    const std::vector<HostRule>& rules = grants[random() % grants.size()];
    std::vector<Address> answers;
    for (unsigned n = 1 + random() % 3; n > 0; --n) answers.push_back(some_answer(random));
    const auto host = policy::read_host(told->host);
    if (!host) continue;  // refused by egress, and by the dialer again
    if (host->address) answers.assign(1, *host->address);
    const Choice choice = choose(rules, *host, told->port, answers, where_to);
    // Each as if the ones before it had not answered.
    for (const Address& one : choice.addresses) begin_to_connect({one}, told->port);
    for (const Address& to : captured()) {
      ++packets;
      ASSERT_FALSE(is_in_one(to, kForbidden)) << host->name << " led to " << policy::text_of(to);
      const bool own = is_own(to);
      if (!own && !is_in_one(to, kPrivate)) continue;
      ++(own ? to_own : to_private);
      ASSERT_EQ(told->port, 443) << host->name << " led to " << policy::text_of(to);
      ASSERT_TRUE(host->name == "nas.lan" || host->name == "10.0.0.1" || host->name == "fd00::1")
          << host->name << " led to " << policy::text_of(to);
    }
  }
  EXPECT_GE(pairs, 100'000);
  EXPECT_GT(packets, 5'000U) << "the property is not true for lack of packets";
  EXPECT_GT(to_private, 100U);
  EXPECT_GT(to_own, 100U);
}

}  // namespace
}  // namespace mcpbox::dialer
