// Host names and the patterns that grants are written in: one spelling for each, and everything that some
// program might read as another host is refused.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "policy/addresses.h"

namespace mcpbox::policy {

struct Host {
  std::string name;  // lower case, no trailing dot; an address in its one text, without brackets
  std::optional<Address> address;  // when it is one
  friend bool operator==(const Host&, const Host&) = default;
};

// The host of a URL, or of a grant without a wildcard.
//   text     "API.Example.com.", "192.168.1.20", "[fd00::1]" or "fd00::1"
//   returns  its one spelling, or a literal that says what is wrong with it and what to write instead
[[nodiscard]] std::expected<Host, const char*> read_host(std::string_view text);

// What a grant is written for: a host, or `*.` before a name of at least two labels.
struct HostPattern {
  Host host;  // of a wildcard: what follows the `*.`
  bool wildcard = false;
};
[[nodiscard]] std::expected<HostPattern, const char*> read_host_pattern(std::string_view text);

// A wildcard stands for one or more labels, and never for the name itself or for an address.
[[nodiscard]] bool matches(const HostPattern& pattern, const Host& host);

// host, or host:port, with brackets around an IPv6 address: for messages.
[[nodiscard]] std::string text_of(const Host& host, std::uint16_t port);

}  // namespace mcpbox::policy
