// Which addresses may be connected to: one table, and a pure decision over the bytes that connect() would
// get. Names, numbers in odd notations and redirects do not matter here: whatever they were, this is asked
// last.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mcpbox::policy {

struct Address {
  bool v6 = false;
  std::array<unsigned char, 16> bytes{};  // network order; an IPv4 address is the first four
  friend bool operator==(const Address&, const Address&) = default;
};

enum class AddressRule : std::uint8_t {
  kPublic,   // where the host is approved
  kPrivate,  // where an admin approved exactly this host and this port
  kNever,    // nowhere, whoever approved what
};

struct AddressRow {
  std::string_view prefix;  // for people: "10.0.0.0/8"
  Address address;
  unsigned bits;
  AddressRule rule;
  std::string_view name;    // in messages: "a loopback address"
  std::string_view reason;  // why this rule
};

// The rows, more special ones before those that contain them.
[[nodiscard]] std::span<const AddressRow> address_table();

// The first row whose prefix holds the address; there always is one.
[[nodiscard]] const AddressRow& classify(const Address& address);

// Where packets to an address go, as the kernel of this machine says.
enum class Leads : std::uint8_t {
  kAway,
  kHere,  // to this machine: the address is one of its own
};
// The same, and for a public address that leads here a row of its own, with the rule of private ones: a
// program that listens at every address means its own network, not a tool.
[[nodiscard]] const AddressRow& classify(const Address& address, Leads leads);

enum class Approved : std::uint8_t {
  kHost,         // the host, on any port or by a wildcard
  kHostAndPort,  // exactly this host and this port
};
[[nodiscard]] bool may_connect(const Address& address, Leads leads, Approved approved);

// Strict notations only: four decimal numbers without leading zeros, or RFC 4291 without a zone.
[[nodiscard]] std::optional<Address> parse_address(std::string_view text);

// The one text of an address that everybody else writes, too (RFC 5952 for IPv6).
[[nodiscard]] std::string text_of(const Address& address);

}  // namespace mcpbox::policy
