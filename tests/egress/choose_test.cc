// Mirrors egress/dialer/choose.cc: the property that matters, over many names, answers and grants.
#include "egress/dialer/choose.h"

#include <gtest/gtest.h>

#include <random>
#include <span>
#include <string_view>
#include <vector>

namespace mcpbox::dialer {
namespace {

using policy::Address;
using policy::AddressRule;
using policy::HostRule;

HostRule rule(const char* pattern, std::uint16_t port, bool private_too) {
  return {.pattern = policy::read_host_pattern(pattern).value(),
          .port = port,
          .private_too = private_too,
          .methods = {},
          .path_prefix = {}};
}

Address address(const char* text) { return policy::parse_address(text).value(); }

const policy::Host kNas = policy::read_host("nas.lan").value();

// None of the answers is ours.
Choice choose_far(std::span<const HostRule> rules, const policy::Host& host, std::uint16_t port,
                  std::span<const Address> answers) {
  return choose(rules, host, port, answers, [](const Address&) { return policy::Leads::kAway; });
}

TEST(Choose, TakesTheGoodOnesOfANameWithBoth) {
  const std::vector<Address> answers{address("127.0.0.1"), address("1.1.1.1"), address("::1"),
                                     address("2606::1")};
  const Choice choice = choose_far(std::vector{rule("nas.lan", 0, false)}, kNas, 80, answers);
  EXPECT_EQ(choice.addresses, (std::vector<Address>{address("1.1.1.1"), address("2606::1")}));
}

TEST(Choose, SaysWhereABadNameLeads) {
  const Choice loopback =
      choose_far(std::vector{rule("nas.lan", 80, true)}, kNas, 80, std::vector{address("127.0.0.1")});
  EXPECT_TRUE(loopback.addresses.empty());
  EXPECT_NE(std::string_view(loopback.refusal.text).find("a loopback address"), std::string_view::npos);
  const Choice lan =
      choose_far(std::vector{rule("nas.lan", 0, false)}, kNas, 80, std::vector{address("192.168.1.5")});
  EXPECT_TRUE(lan.addresses.empty());
  EXPECT_NE(std::string_view(lan.refusal.text).find("exactly this host with this port"),
            std::string_view::npos);
  for (const auto& answers :
       {std::vector{address("192.168.1.5"), address("fe80::1")},
        std::vector{address("fe80::1"), address("192.168.1.5"), address("127.0.0.1")}}) {
    const Choice both = choose_far(std::vector{rule("nas.lan", 80, false)}, kNas, 80, answers);
    EXPECT_NE(std::string_view(both.refusal.text).find("exactly this host with this port"),
              std::string_view::npos)
        << "the reason that an admin can do something about";
  }
}

TEST(Choose, OpensAPrivateAddressForExactlyThisHostAndPort) {
  const std::vector<Address> answers{address("192.168.1.5")};
  EXPECT_EQ(choose_far(std::vector{rule("nas.lan", 443, true)}, kNas, 443, answers).addresses.size(), 1U);
  EXPECT_TRUE(choose_far(std::vector{rule("nas.lan", 443, true)}, kNas, 444, answers).addresses.empty());
  EXPECT_TRUE(choose_far(std::vector{rule("nas.lan", 443, false)}, kNas, 443, answers).addresses.empty());
  EXPECT_TRUE(choose_far(std::vector{rule("nas.lan", 0, true)}, kNas, 443, answers).addresses.empty());
  const policy::Host deep = policy::read_host("x.nas.lan").value();
  EXPECT_TRUE(choose_far(std::vector{rule("*.nas.lan", 443, true)}, deep, 443, answers).addresses.empty());
}

TEST(Choose, AnAddressOfThisMachineIsLikeAPrivateOne) {
  const std::vector<Address> answers{address("2606::2"), address("1.1.1.1"), address("127.0.0.1")};
  const auto ours = [](const Address& one) {
    return one == address("1.1.1.1") ? policy::Leads::kAway : policy::Leads::kHere;
  };
  EXPECT_EQ(choose(std::vector{rule("nas.lan", 0, false)}, kNas, 443, answers, ours).addresses,
            std::vector{address("1.1.1.1")});
  EXPECT_EQ(choose(std::vector{rule("nas.lan", 443, true)}, kNas, 443, answers, ours).addresses,
            (std::vector{address("2606::2"), address("1.1.1.1")}));
  const Choice none = choose(std::vector{rule("nas.lan", 443, false)}, kNas, 443,
                             std::vector{address("127.0.0.1"), address("2606::2")}, ours);
  EXPECT_TRUE(none.addresses.empty());
  EXPECT_STREQ(none.refusal.text,
               "the host leads to an address of this machine itself: an admin must approve exactly this host "
               "with this port; use mcpbox_request_network_access");
}

// Hosts as people attack them, answers as a rebinding server gives them: whatever is chosen is allowed by the
// table, and nothing is chosen for a host that no rule covers.
TEST(Choose, NoPairOfAHundredThousandLeadsToAForbiddenAddress) {
  constexpr const char* kHosts[] = {
      "nas.lan",     "NAS.lan.",        "evil.nas.lan", "api.example.com", "api.example.com.evil.net",
      "10.0.0.1",    "127.0.0.1",       "[::1]",        "[fd00::1]",       "1.1.1.1",
      "xn--nas-lan", "169.254.169.254", "2130706433",   "0x7f.1",          "user@nas.lan"};
  const std::vector<HostRule> rules{rule("nas.lan", 443, true),  rule("*.example.com", 443, true),
                                    rule("10.0.0.1", 443, true), rule("127.0.0.1", 443, true),
                                    rule("fd00::1", 443, true),  rule("1.1.1.1", 0, false)};
  std::mt19937 random(4711);
  const auto table = policy::address_table();
  std::size_t chosen = 0;
  for (int i = 0; i < 120'000; ++i) {
    const auto host = policy::read_host(kHosts[random() % std::size(kHosts)]);
    if (!host) continue;
    const auto port = static_cast<std::uint16_t>(random() % 2 == 0 ? 443 : random());
    std::vector<Address> answers;
    for (unsigned n = random() % 4; n > 0; --n) {
      Address answer = table[random() % table.size()].address;  // near an edge, or anywhere
      for (std::size_t at = random() % 16; at < 16; ++at)
        answer.bytes.at(at) = static_cast<unsigned char>(random());
      answers.push_back(answer);
    }
    const Choice choice = choose_far(rules, *host, port, answers);
    const policy::Coverage coverage = policy::cover(rules, *host, port);
    for (const Address& one : choice.addresses) {
      ++chosen;
      ASSERT_TRUE(coverage.covered);
      const AddressRule allowed = policy::classify(one).rule;
      ASSERT_NE(allowed, AddressRule::kNever) << policy::text_of(one);
      if (allowed == AddressRule::kPrivate) {
        ASSERT_TRUE(host->name == "nas.lan" || host->name == "10.0.0.1" || host->name == "127.0.0.1" ||
                    host->name == "fd00::1");
      }
    }
  }
  EXPECT_GT(chosen, 1000U);  // the property is not true for lack of choices
}

}  // namespace
}  // namespace mcpbox::dialer
