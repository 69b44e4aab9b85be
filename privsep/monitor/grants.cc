// Runs in the monitor.  Pure: names are compared, nothing is resolved or looked up.
#include "privsep/monitor/grants.h"

#include <algorithm>

namespace mcpbox::monitor {

using protocol::GrantKind;
using protocol::GrantState;

namespace {

bool limited(const Grant& grant) { return grant.methods != 0 || !grant.path.empty(); }

}  // namespace

std::string text_of(const Grant& grant) {
  std::string text = std::string(protocol::name_of(grant.kind)) + " " + grant.name;
  if (grant.kind == GrantKind::kHost)
    text += grant.port == 0 ? ", any port" : ":" + std::to_string(grant.port);
  if (grant.methods != 0) text += " (" + policy::methods_text(grant.methods) + ")";
  if (!grant.path.empty()) text += " " + grant.path;
  return text;
}

Grant* Grants::find(const wire::Id& id) {
  const auto found = grants_.find(id);
  return found == grants_.end() ? nullptr : &found->second;
}

const Grant* Grants::find(const wire::Id& id) const {
  const auto found = grants_.find(id);
  return found == grants_.end() ? nullptr : &found->second;
}

void Grants::put(Grant grant) {
  const wire::Id id = grant.id;
  grants_[id] = std::move(grant);
}

void Grants::forget_server(const wire::Id& server) {
  std::erase_if(grants_, [&server](const auto& entry) {
    return entry.second.server == server &&
           (entry.second.kind == GrantKind::kHost || !entry.second.approved());
  });
}

std::vector<const Grant*> Grants::chosen(const Choice& choice) const {
  std::vector<const Grant*> found;
  for (const auto& [id, grant] : grants_)
    if (choice(grant)) found.push_back(&grant);
  std::ranges::sort(found, [](const Grant* a, const Grant* b) {
    return std::tie(a->requested_at_ms, a->id) < std::tie(b->requested_at_ms, b->id);
  });
  return found;
}

std::vector<const Grant*> Grants::hosts_of(const wire::Id& server) const {
  return chosen([&server](const Grant& grant) {
    return grant.kind == GrantKind::kHost && grant.approved() && grant.server == server;
  });
}

const Grant* Grants::for_host(const wire::Id& server, std::string_view host, std::uint16_t port) const {
  const Grant* best = nullptr;
  for (const auto& [id, grant] : grants_) {
    if (grant.kind != GrantKind::kHost || !grant.approved() || grant.server != server) continue;
    if (!policy::covers_host(grant.name, host) || (grant.port != 0 && grant.port != port)) continue;
    const bool same_limits = best != nullptr && limited(*best) == limited(grant);
    if (best == nullptr || (limited(*best) && !limited(grant)) ||
        (same_limits && grant.private_too && !best->private_too))
      best = &grant;
  }
  return best;
}

const Grant* Grants::for_module(std::string_view module) const {
  for (const auto& [id, grant] : grants_)
    if (grant.kind == GrantKind::kModule && grant.approved() && policy::covers_module(grant.name, module))
      return &grant;
  return nullptr;
}

std::vector<std::string> Grants::modules() const {
  std::vector<std::string> names;
  for (const auto& [id, grant] : grants_)
    if (grant.kind == GrantKind::kModule && grant.approved()) names.push_back(grant.name);
  std::ranges::sort(names);
  const auto twice = std::ranges::unique(names);
  names.erase(twice.begin(), twice.end());
  return names;
}

const Grant* Grants::same(const Grant& like, GrantState state) const {
  for (const auto& [id, grant] : grants_)
    if (grant.kind == like.kind && grant.state == state && grant.server == like.server &&
        grant.name == like.name && grant.port == like.port)
      return &grant;
  return nullptr;
}

std::size_t Grants::count_of(const wire::Id& server) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(grants_, [&server](const auto& entry) { return entry.second.server == server; }));
}

}  // namespace mcpbox::monitor
