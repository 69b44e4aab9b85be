// Which of a name's addresses are connected to, and what is said when none is.  Pure.
#pragma once

#include <span>
#include <vector>

#include "policy/requests.h"
#include "privsep/base/error.h"

namespace mcpbox::dialer {

struct Choice {
  std::vector<policy::Address> addresses;  // in the resolver's order, those that may be connected to
  base::Error refusal{};                   // when there are none
};

// rules: of the grant.  answers: of the name, or the host itself when it is an address.
[[nodiscard]] Choice choose(std::span<const policy::HostRule> rules, const policy::Host& host,
                            std::uint16_t port, std::span<const policy::Address> answers);

}  // namespace mcpbox::dialer
