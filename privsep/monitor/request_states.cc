// Runs in the monitor.  Trusts no byte of a state that comes back before its seal is verified.
#include "privsep/monitor/request_states.h"

#include <algorithm>
#include <cstring>

#include "policy/limits.h"
#include "privsep/monitor/ids.h"

namespace mcpbox::monitor {
namespace {

constexpr base::Error kNotValid{
    base::Why::kInvalid,
    "requestState is not valid for this call: it was changed, used before, is more than 10 minutes old, or "
    "belongs to another caller or to an earlier version of the tool. Call it again without requestState"};

std::string owner_text(const RequestStates::Owner& owner) {
  return std::string(view_of(digest_of({owner.who, view_of(owner.tool), view_of(owner.digest)})));
}

}  // namespace

std::string RequestStates::seal(const Owner& owner, std::string_view state) {
  const std::int64_t now = clock_.steady_ms();
  std::erase_if(issued_, [now](const auto& one) { return one.second <= now; });
  if (issued_.size() >= policy::limits::kRequestStates) {
    const auto sooner = [](const auto& a, const auto& b) { return a.second < b.second; };
    issued_.erase(std::min_element(issued_.begin(), issued_.end(), sooner));
  }
  const wire::Id id = random_id();
  issued_.emplace(id, now + policy::limits::kRequestStateMs);
  return keys_.seal_state(owner_text(owner), std::string(view_of(id)) + std::string(state));
}

base::Result<RequestStates::Opened> RequestStates::open(const Owner& owner, std::string_view sealed) const {
  base::Result<std::string> text = keys_.open_state(owner_text(owner), sealed);
  Opened opened;
  if (!text || text->size() < opened.id.size()) return std::unexpected(kNotValid);
  std::memcpy(opened.id.data(), text->data(), opened.id.size());
  const auto found = issued_.find(opened.id);
  if (found == issued_.end() || found->second <= clock_.steady_ms()) return std::unexpected(kNotValid);
  opened.state = text->substr(opened.id.size());
  return opened;
}

bool RequestStates::redeem(const wire::Id& id) { return issued_.erase(id) == 1; }

}  // namespace mcpbox::monitor
