// Mirrors policy/addresses.cc: the edges of every prefix, and a second opinion written in another way.
#include "policy/addresses.h"

#include <gtest/gtest.h>

#include <random>

namespace mcpbox::policy {
namespace {

struct Case {
  const char* text;
  AddressRule rule;
};

using enum AddressRule;

// clang-format off
constexpr Case kCases[] = {
    // --- What a tool may reach where the host is approved
    {"1.1.1.1", kPublic}, {"8.8.8.8", kPublic}, {"93.184.216.34", kPublic}, {"9.255.255.255", kPublic},
    {"11.0.0.0", kPublic}, {"100.63.255.255", kPublic}, {"100.128.0.0", kPublic}, {"126.255.255.255", kPublic},
    {"128.0.0.0", kPublic}, {"169.253.255.255", kPublic}, {"169.255.0.0", kPublic}, {"172.15.255.255", kPublic},
    {"172.32.0.0", kPublic}, {"191.255.255.255", kPublic}, {"192.0.1.0", kPublic}, {"192.0.3.0", kPublic},
    {"192.88.98.255", kPublic}, {"192.88.100.0", kPublic}, {"192.167.255.255", kPublic}, {"192.169.0.0", kPublic},
    {"198.17.255.255", kPublic}, {"198.20.0.0", kPublic}, {"198.51.99.255", kPublic}, {"198.51.101.0", kPublic},
    {"203.0.112.255", kPublic}, {"203.0.114.0", kPublic}, {"223.255.255.255", kPublic}, {"1.0.0.0", kPublic},
    {"168.63.129.15", kPublic}, {"168.63.129.17", kPublic},
    {"2606:4700:4700::1111", kPublic}, {"2a00:1450:4001:830::200e", kPublic}, {"2001:200::1", kPublic},
    {"2001:4860:4860::8888", kPublic}, {"2003::1", kPublic}, {"3ffe:ffff::1", kPublic}, {"2400::", kPublic},
    // --- Only where exactly host and port are approved
    {"10.0.0.0", kPrivate}, {"10.255.255.255", kPrivate}, {"172.16.0.0", kPrivate}, {"172.31.255.255", kPrivate},
    {"192.168.0.0", kPrivate}, {"192.168.1.1", kPrivate}, {"192.168.255.255", kPrivate},
    {"fc00::", kPrivate}, {"fd12:3456::1", kPrivate}, {"fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", kPrivate},
    {"fd00:ec2::253", kPrivate}, {"fd00:ec2::255", kPrivate},
    // --- Never
    {"0.0.0.0", kNever}, {"0.0.0.1", kNever}, {"0.255.255.255", kNever}, {"127.0.0.1", kNever},
    {"127.1.2.3", kNever}, {"127.255.255.255", kNever}, {"169.254.0.0", kNever}, {"169.254.169.254", kNever},
    {"169.254.170.2", kNever}, {"169.254.255.255", kNever}, {"100.64.0.0", kNever}, {"100.100.100.200", kNever},
    {"100.127.255.255", kNever}, {"192.0.0.0", kNever}, {"192.0.0.8", kNever}, {"192.0.0.170", kNever},
    {"192.0.0.192", kNever}, {"192.0.0.255", kNever}, {"192.0.2.0", kNever}, {"192.0.2.255", kNever},
    {"192.88.99.0", kNever}, {"192.88.99.255", kNever}, {"198.18.0.0", kNever}, {"198.19.255.255", kNever},
    {"198.51.100.0", kNever}, {"198.51.100.255", kNever}, {"203.0.113.0", kNever}, {"203.0.113.255", kNever},
    {"224.0.0.0", kNever}, {"224.0.0.251", kNever}, {"239.255.255.255", kNever}, {"240.0.0.0", kNever},
    {"255.255.255.254", kNever}, {"255.255.255.255", kNever}, {"168.63.129.16", kNever},
    {"::", kNever}, {"::1", kNever}, {"::2", kNever}, {"::127.0.0.1", kNever}, {"::8.8.8.8", kNever},
    {"::ffff:127.0.0.1", kNever}, {"::ffff:8.8.8.8", kNever}, {"::ffff:a00:1", kNever}, {"::ffff:169.254.169.254", kNever},
    {"::ffff:0:127.0.0.1", kNever}, {"::ffff:0:8.8.8.8", kNever}, {"64:ff9b::", kNever}, {"64:ff9b::7f00:1", kNever},
    {"64:ff9b::808:808", kNever}, {"64:ff9b::a9fe:a9fe", kNever}, {"64:ff9b:1::1", kNever}, {"64:ff9b:2::1", kNever},
    {"100::", kNever}, {"100::1", kNever}, {"100:0:0:1::", kNever}, {"2001::", kNever}, {"2001:0:7f00:1::", kNever},
    {"2001:1::1", kNever}, {"2001:2::", kNever}, {"2001:2:0:ffff::", kNever}, {"2001:3::1", kNever},
    {"2001:10::1", kNever}, {"2001:20::1", kNever}, {"2001:1ff:ffff::", kNever}, {"2001:db8::", kNever},
    {"2001:db8:ffff::1", kNever}, {"2002::", kNever}, {"2002:7f00:1::", kNever}, {"2002:c0a8:101::1", kNever},
    {"2002:ffff:ffff::", kNever}, {"3fff::", kNever}, {"3fff:fff::1", kNever}, {"4000::1", kNever}, {"5f00::1", kNever},
    {"1fff::1", kNever}, {"fbff::1", kNever}, {"fe00::1", kNever}, {"fe80::", kNever}, {"fe80::1", kNever},
    {"febf:ffff::1", kNever}, {"fec0::1", kNever}, {"feff::1", kNever}, {"ff00::", kNever}, {"ff02::1", kNever},
    {"ff02::fb", kNever}, {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", kNever}, {"fd00:ec2::254", kNever},
    {"fd20:ce::254", kNever}, {"fd00:42::42", kNever},
};

// What is no address in the strict notation: names that look like numbers are settled in host_names_test.
constexpr const char* kNoAddresses[] = {
    "", ".", ":", "1", "127.1", "127.0.1", "2130706433", "0x7f.0.0.1", "0x7f000001", "0177.0.0.1", "127.0.0.01",
    "127.0.0.1.", "127.0.0.256", "127.0.0.-1", "127.0.0.1 ", " 127.0.0.1", "127.0.0.1/8", "127.0.0.1:80", "[::1]",
    "::1%lo", "fe80::1%1", "fe80::1%25lo", ":::", "1::2::3", "12345::", "g::", "::ffff:127.0.0.1.1", "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9", "127.0.0.1\n", "\xd9\xa1.1.1.1", "1.1.1.1e0", "1e1.1.1.1", "+1.1.1.1",
};
// clang-format on

TEST(Addresses, EveryCaseHasItsRule) {
  for (const Case& one : kCases) {
    const std::optional<Address> address = parse_address(one.text);
    ASSERT_TRUE(address) << one.text;
    EXPECT_EQ(classify(*address).rule, one.rule) << one.text << " is " << classify(*address).name;
  }
}

TEST(Addresses, PrivateNeedsHostAndPortAndNeverIsNever) {
  for (const Case& one : kCases) {
    const Address address = parse_address(one.text).value();
    EXPECT_EQ(may_connect(address, Leads::kAway, Approved::kHost), one.rule == kPublic) << one.text;
    EXPECT_EQ(may_connect(address, Leads::kAway, Approved::kHostAndPort), one.rule != kNever) << one.text;
  }
}

TEST(Addresses, OfThisMachineNeedHostAndPortWhateverTheirClassAndNeverIsNever) {
  for (const Case& one : kCases) {
    const Address address = parse_address(one.text).value();
    EXPECT_FALSE(may_connect(address, Leads::kHere, Approved::kHost)) << one.text;
    EXPECT_EQ(may_connect(address, Leads::kHere, Approved::kHostAndPort), one.rule != kNever) << one.text;
    if (one.rule == kPublic) {
      EXPECT_EQ(classify(address, Leads::kHere).name, "an address of this machine itself") << one.text;
    }
  }
}

TEST(Addresses, OtherNotationsAreNoAddress) {
  for (const char* text : kNoAddresses) EXPECT_FALSE(parse_address(text)) << text;
}

TEST(Addresses, EachHasOneText) {
  EXPECT_EQ(text_of(parse_address("FD00:0:0::0001").value()), "fd00::1");
  EXPECT_EQ(text_of(parse_address("::FFFF:1.2.3.4").value()), "::ffff:1.2.3.4");
  EXPECT_EQ(text_of(parse_address("1.2.3.4").value()), "1.2.3.4");
}

Address shifted(Address address, int by) {
  int carry = by;
  for (int i = (address.v6 ? 16 : 4) - 1; i >= 0 && carry != 0; --i) {
    const int sum = address.bytes.at(static_cast<std::size_t>(i)) + carry;
    address.bytes.at(static_cast<std::size_t>(i)) = static_cast<unsigned char>(sum & 0xff);
    carry = sum < 0 ? -1 : sum > 0xff ? 1 : 0;
  }
  return address;
}

Address last_of(const AddressRow& row) {
  Address address = row.address;
  for (unsigned bit = row.bits; bit < (address.v6 ? 128U : 32U); ++bit)
    address.bytes.at(bit / 8) = static_cast<unsigned char>(address.bytes.at(bit / 8) | 0x80U >> (bit % 8));
  return address;
}

// A row that is never reached, or not at its edges, would be a row that says nothing.
TEST(Addresses, EachRowHoldsItsFirstAndLastUnlessAMoreSpecialOneDoes) {
  for (const AddressRow& row : address_table()) {
    for (const Address& edge : {row.address, last_of(row)}) {
      const AddressRow& found = classify(edge);
      EXPECT_TRUE(&found == &row || (found.address.v6 == row.address.v6 && &found < &row)) << row.prefix;
    }
    if (row.bits == 0) continue;
    EXPECT_NE(&classify(shifted(row.address, -1)), &row) << row.prefix << " begins too early";
    EXPECT_NE(&classify(shifted(last_of(row), 1)), &row) << row.prefix << " ends too late";
  }
}

TEST(Addresses, EachPrefixIsWrittenAsItIsMatched) {
  for (const AddressRow& row : address_table()) {
    const std::size_t slash = row.prefix.find('/');
    const std::optional<Address> written = parse_address(row.prefix.substr(0, slash));
    ASSERT_TRUE(written) << row.prefix;
    EXPECT_EQ(*written, row.address) << row.prefix;
    EXPECT_EQ(std::to_string(row.bits), row.prefix.substr(slash + 1));
    EXPECT_FALSE(row.reason.empty());
  }
}

bool in(std::uint32_t address, std::uint32_t net, unsigned bits) {
  return (address ^ net) >> (32 - bits) == 0;
}

// The same decision as the table, as a formula.
AddressRule second_opinion(std::uint32_t a) {
  if (in(a, 0x0a000000, 8) || in(a, 0xac100000, 12) || in(a, 0xc0a80000, 16)) return kPrivate;
  const bool never = a < 0x01000000 || in(a, 0x7f000000, 8) || in(a, 0xa9fe0000, 16) ||
                     in(a, 0x64400000, 10) || in(a, 0xc0000000, 24) || in(a, 0xc0000200, 24) ||
                     in(a, 0xc6336400, 24) || in(a, 0xcb007100, 24) || in(a, 0xc0586300, 24) ||
                     in(a, 0xc6120000, 15) || a >= 0xe0000000 || a == 0xa83f8110;
  return never ? kNever : kPublic;
}

TEST(Addresses, AHundredThousandIPv4AddressesAreWhatTheFormulaSays) {
  std::mt19937 random(20240607);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint32_t a = random();
    const Address address{
        .v6 = false,
        .bytes = {static_cast<unsigned char>(a >> 24), static_cast<unsigned char>(a >> 16 & 0xff),
                  static_cast<unsigned char>(a >> 8 & 0xff), static_cast<unsigned char>(a & 0xff)}};
    ASSERT_EQ(classify(address).rule, second_opinion(a)) << text_of(address);
  }
}

TEST(Addresses, NoIPv6AddressThatHidesAnIPv4OneIsPublic) {
  std::mt19937 random(20240608);
  for (const char* around : {"::", "::ffff:0:0", "::ffff:0:0:0", "64:ff9b::", "64:ff9b:1::"}) {
    Address address = parse_address(around).value();
    for (int i = 0; i < 10'000; ++i) {
      for (std::size_t at = 12; at < 16; ++at)
        address.bytes.at(at) = static_cast<unsigned char>(random() & 0xff);
      ASSERT_EQ(classify(address).rule, kNever) << text_of(address);
    }
  }
}

}  // namespace
}  // namespace mcpbox::policy
