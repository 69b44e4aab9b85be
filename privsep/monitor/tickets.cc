// Runs in the monitor.  Trusts no peer: a ticket that it did not give to this instance is worth nothing.
#include "privsep/monitor/tickets.h"

#include "policy/limits.h"
#include "privsep/monitor/keys.h"

namespace mcpbox::monitor {

wire::Id Tickets::issue(Instance holder, Principal principal) {
  Holder& held = holders_[holder];
  const wire::Id ticket = random_id();
  held.tickets.emplace(ticket, std::move(principal));
  held.by_age.push_back(ticket);
  if (held.by_age.size() > policy::limits::kTickets) {
    held.tickets.erase(held.by_age.front());
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

void Tickets::forget(Instance holder) { holders_.erase(holder); }

}  // namespace mcpbox::monitor
