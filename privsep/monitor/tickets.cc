// Runs in the monitor.  Trusts no peer: a ticket that it did not give to this instance is worth nothing.
#include "privsep/monitor/tickets.h"

#include <algorithm>

#include "policy/limits.h"
#include "privsep/monitor/keys.h"

namespace mcpbox::monitor {

wire::Id Tickets::issue(Instance holder, Principal principal) {
  Holder& held = holders_[holder];
  // One for each caller of this machine, not for each connection: whoever opens many has nobody forgotten.
  if (!principal.request) {
    const auto is_same = [&principal](const auto& one) {
      const Principal& known = one.second;
      return !known.request && known.who == principal.who && known.uid == principal.uid &&
             known.origin == principal.origin;
    };
    const auto known = std::ranges::find_if(held.tickets, is_same);
    if (known != held.tickets.end()) return known->first;
  }
  const wire::Id ticket = random_id();
  held.tickets.emplace(ticket, std::move(principal));
  held.by_age.push_back(ticket);
  if (held.by_age.size() > policy::limits::kTickets) {
    const wire::Id oldest = held.by_age.front();
    held.tickets.erase(oldest);
    const auto first = held.spent.lower_bound({oldest, protocol::Op{}});
    auto last = first;
    while (last != held.spent.end() && last->first == oldest) ++last;
    held.spent.erase(first, last);
    held.by_age.pop_front();
  }
  return ticket;
}

base::Result<Principal> Tickets::redeem(Instance holder, const wire::Id& ticket) const {
  const auto held = holders_.find(holder);
  if (held == holders_.end()) return base::fail(base::Why::kRefused, "the caller is not authenticated");
  const auto found = held->second.tickets.find(ticket);
  if (found == held->second.tickets.end())
    return base::fail(base::Why::kRefused, "the caller is not authenticated");
  return found->second;
}

bool Tickets::spend(Instance holder, const wire::Id& ticket, protocol::Op op) {
  return holders_[holder].spent.emplace(ticket, op).second;
}

void Tickets::revoke(const std::string& who) {
  for (auto& [instance, held] : holders_) {
    std::erase_if(held.tickets, [&who](const auto& one) { return one.second.who == who; });
    std::erase_if(held.by_age, [&held](const wire::Id& ticket) { return !held.tickets.contains(ticket); });
  }
}

void Tickets::forget(Instance holder) { holders_.erase(holder); }

}  // namespace mcpbox::monitor
