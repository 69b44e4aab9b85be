// Pure.  Used by the dialer on the address that it is about to connect to, and by nobody as a forecast.
// Sources: IANA special-purpose address registries (RFC 6890 and successors), the clouds' own manuals.
#include "policy/addresses.h"

#include <arpa/inet.h>

#include <algorithm>

namespace mcpbox::policy {
namespace {

constexpr Address v4(unsigned char a, unsigned char b, unsigned char c, unsigned char d) {
  return {.v6 = false, .bytes = {a, b, c, d}};
}
using Groups = std::array<std::uint16_t, 8>;
constexpr Address v6(const Groups& groups) {
  Address address{.v6 = true};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    address.bytes[2 * i] = static_cast<unsigned char>(groups[i] >> 8);
    address.bytes[2 * i + 1] = static_cast<unsigned char>(groups[i] & 0xff);
  }
  return address;
}

using enum AddressRule;

// clang-format off
constexpr AddressRow kRows[] = {
    // prefix               address                                   bits  rule      name                              reason
    { "169.254.169.254/32",  v4(169, 254, 169, 254),                    32,  kNever,   "a cloud's metadata address",     "it hands out the machine's own credentials" },
    { "100.100.100.200/32",  v4(100, 100, 100, 200),                    32,  kNever,   "a cloud's metadata address",     "it hands out the machine's own credentials" },
    { "168.63.129.16/32",    v4(168, 63, 129, 16),                      32,  kNever,   "a cloud's metadata address",     "it is the host's side of a virtual machine" },
    { "192.0.0.192/32",      v4(192, 0, 0, 192),                        32,  kNever,   "a cloud's metadata address",     "it hands out the machine's own credentials" },
    { "0.0.0.0/8",           v4(0, 0, 0, 0),                             8,  kNever,   "an unspecified address",         "the kernel takes it for the machine itself" },
    { "127.0.0.0/8",         v4(127, 0, 0, 0),                           8,  kNever,   "a loopback address",             "what listens there trusts the machine's own programs" },
    { "169.254.0.0/16",      v4(169, 254, 0, 0),                        16,  kNever,   "a link-local address",           "routers and clouds serve their secrets there" },
    { "10.0.0.0/8",          v4(10, 0, 0, 0),                            8,  kPrivate, "a private address",              "RFC 1918" },
    { "172.16.0.0/12",       v4(172, 16, 0, 0),                         12,  kPrivate, "a private address",              "RFC 1918" },
    { "192.168.0.0/16",      v4(192, 168, 0, 0),                        16,  kPrivate, "a private address",              "RFC 1918" },
    { "100.64.0.0/10",       v4(100, 64, 0, 0),                         10,  kNever,   "a carrier-grade NAT address",    "RFC 6598: the provider's own network" },
    { "192.0.0.0/24",        v4(192, 0, 0, 0),                          24,  kNever,   "a protocol assignment",          "RFC 6890: no server of anybody" },
    { "192.0.2.0/24",        v4(192, 0, 2, 0),                          24,  kNever,   "a documentation address",        "RFC 5737: if it answers, somebody redirects it" },
    { "198.51.100.0/24",     v4(198, 51, 100, 0),                       24,  kNever,   "a documentation address",        "RFC 5737" },
    { "203.0.113.0/24",      v4(203, 0, 113, 0),                        24,  kNever,   "a documentation address",        "RFC 5737" },
    { "192.88.99.0/24",      v4(192, 88, 99, 0),                        24,  kNever,   "a 6to4 relay",                   "RFC 7526: withdrawn; it leads into an IPv6 network" },
    { "198.18.0.0/15",       v4(198, 18, 0, 0),                         15,  kNever,   "a benchmarking address",         "RFC 2544: laboratories, and fake addresses of local proxies" },
    { "224.0.0.0/4",         v4(224, 0, 0, 0),                           4,  kNever,   "a multicast address",            "RFC 5771: everybody on the network" },
    { "240.0.0.0/4",         v4(240, 0, 0, 0),                           4,  kNever,   "a reserved address",             "RFC 1112, and the broadcast address" },
    { "0.0.0.0/0",           v4(0, 0, 0, 0),                             0,  kPublic,  "a public address",               "everything else" },

    { "::/128",              v6({0}),                                  128,  kNever,   "an unspecified address",         "the kernel takes it for the machine itself" },
    { "::1/128",             v6({0, 0, 0, 0, 0, 0, 0, 1}),             128,  kNever,   "a loopback address",             "what listens there trusts the machine's own programs" },
    { "::ffff:0:0/96",       v6({0, 0, 0, 0, 0, 0xffff, 0, 0}),         96,  kNever,   "an IPv4-mapped address",         "the kernel connects to the IPv4 address inside" },
    { "::/96",               v6({0}),                                   96,  kNever,   "an IPv4-compatible address",     "RFC 4291: withdrawn; it hides an IPv4 address" },
    { "::ffff:0:0:0/96",     v6({0, 0, 0, 0, 0xffff, 0, 0, 0}),         96,  kNever,   "an IPv4-translated address",     "RFC 7915: it hides an IPv4 address" },
    { "64:ff9b::/96",        v6({0x64, 0xff9b}),                        96,  kNever,   "a NAT64 address",                "RFC 6052: it hides an IPv4 address" },
    { "64:ff9b:1::/48",      v6({0x64, 0xff9b, 1}),                     48,  kNever,   "a NAT64 address",                "RFC 8215: it hides an IPv4 address" },
    { "100::/64",            v6({0x100}),                               64,  kNever,   "a discard address",              "RFC 6666" },
    { "2001:db8::/32",       v6({0x2001, 0xdb8}),                       32,  kNever,   "a documentation address",        "RFC 3849" },
    { "3fff::/20",           v6({0x3fff}),                              20,  kNever,   "a documentation address",        "RFC 9637" },
    { "2001:2::/48",         v6({0x2001, 2}),                           48,  kNever,   "a benchmarking address",         "RFC 5180" },
    { "2001::/32",           v6({0x2001}),                              32,  kNever,   "a Teredo address",               "RFC 4380: it hides an IPv4 address" },
    { "2001::/23",           v6({0x2001}),                              23,  kNever,   "a protocol assignment",          "RFC 2928: no server of anybody" },
    { "2002::/16",           v6({0x2002}),                              16,  kNever,   "a 6to4 address",                 "RFC 3056: it hides an IPv4 address" },
    { "fd00:ec2::254/128",   v6({0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254}), 128, kNever,   "a cloud's metadata address",     "it hands out the machine's own credentials" },
    { "fd20:ce::254/128",    v6({0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254}), 128,  kNever,   "a cloud's metadata address",     "it hands out the machine's own credentials" },
    { "fd00:42::42/128",     v6({0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42}),  128,  kNever,   "a cloud's metadata address",     "it hands out the machine's own credentials" },
    { "fc00::/7",            v6({0xfc00}),                               7,  kPrivate, "a private address",              "RFC 4193" },
    { "fe80::/10",           v6({0xfe80}),                              10,  kNever,   "a link-local address",           "it means another machine on every link" },
    { "fec0::/10",           v6({0xfec0}),                              10,  kNever,   "a site-local address",           "RFC 3879: withdrawn" },
    { "ff00::/8",            v6({0xff00}),                               8,  kNever,   "a multicast address",            "RFC 4291: everybody on the network" },
    { "2000::/3",            v6({0x2000}),                               3,  kPublic,  "a public address",               "the only part that is given to servers (IANA)" },
    { "::/0",                v6({0}),                                    0,  kNever,   "a reserved address",             "not given to anybody" },
};
// clang-format on

constexpr AddressRow kOwn{.prefix = "",
                          .address = {},
                          .bits = 0,
                          .rule = kPrivate,
                          .name = "an address of this machine itself",
                          .reason = "what listens there often trusts the machine's own programs"};

bool holds(const AddressRow& row, const Address& address) {
  if (row.address.v6 != address.v6) return false;
  for (unsigned bit = 0; bit < row.bits; bit += 8) {
    const unsigned left = std::min(8U, row.bits - bit);
    const auto mask = static_cast<unsigned char>(0xff00U >> left);
    if (((address.bytes[bit / 8] ^ row.address.bytes[bit / 8]) & mask) != 0) return false;
  }
  return true;
}

}  // namespace

std::span<const AddressRow> address_table() { return kRows; }

const AddressRow& classify(const Address& address) {
  const auto* const found =
      std::ranges::find_if(kRows, [&address](const AddressRow& row) { return holds(row, address); });
  return *found;  // each family ends with a row that holds everything
}

const AddressRow& classify(const Address& address, Leads leads) {
  const AddressRow& row = classify(address);
  return leads == Leads::kHere && row.rule == kPublic ? kOwn : row;
}

bool may_connect(const Address& address, Leads leads, Approved approved) {
  const AddressRule rule = classify(address, leads).rule;
  return rule == kPublic || (rule == kPrivate && approved == Approved::kHostAndPort);
}

std::optional<Address> parse_address(std::string_view text) {
  if (text.empty() || text.size() >= INET6_ADDRSTRLEN) return std::nullopt;
  const std::string ended(text);
  Address address;
  address.v6 = text.find(':') != std::string_view::npos;
  if (ended.find('\0') != std::string::npos) return std::nullopt;
  if (::inet_pton(address.v6 ? AF_INET6 : AF_INET, ended.c_str(), address.bytes.data()) != 1)
    return std::nullopt;
  return address;
}

std::string text_of(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(address.v6 ? AF_INET6 : AF_INET, address.bytes.data(), text.data(), text.size());
  return text.data();
}

}  // namespace mcpbox::policy
