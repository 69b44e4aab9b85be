// Which of a name's addresses are connected to, and what is said when none is.  Pure but for the question
// where an address leads.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "policy/requests.h"
#include "privsep/base/error.h"

namespace mcpbox::dialer {

struct Choice {
  std::vector<policy::Address> addresses;  // in the resolver's order, those that may be connected to
  // When there are none.  kRefused: a person could approve more; kInvalid: nobody could
  base::Error refusal{};
};

// Routes::leads(), or what a test says.
using WhereTo = std::function<policy::Leads(const policy::Address&)>;

// rules: of the grant.  answers: of the name, or the host itself when it is an address.
[[nodiscard]] Choice choose(std::span<const policy::HostRule> rules, const policy::Host& host,
                            std::uint16_t port, std::span<const policy::Address> answers,
                            const WhereTo& where_to);

}  // namespace mcpbox::dialer
