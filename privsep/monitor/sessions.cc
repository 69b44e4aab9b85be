// Runs in the monitor.  Trusts no session id: it must be known and belong to the caller who presents it.
#include "privsep/monitor/sessions.h"

#include <algorithm>

#include "policy/limits.h"
#include "privsep/monitor/ids.h"
#include "privsep/monitor/keys.h"

namespace mcpbox::monitor {

namespace limits = policy::limits;
using base::Why;

protocol::Session Sessions::open(const std::string& who, const protocol::OpenSession& wanted) {
  if (sessions_.size() >= limits::kSessions) {
    const auto older = [](const auto& a, const auto& b) { return a.second.used_ms < b.second.used_ms; };
    sessions_.erase(std::min_element(sessions_.begin(), sessions_.end(), older));
  }
  // 256 random bits in visible ASCII.
  protocol::Session session{.id = hex_of(random_id()) + hex_of(random_id()),
                            .version = wanted.version,
                            .client = wanted.client,
                            .can = wanted.can};
  sessions_[session.id] = {who, session, clock_.steady_ms()};
  return session;
}

base::Result<protocol::Session> Sessions::find(const std::string& who, const std::string& id) {
  constexpr const char* kGone = "no such session: send initialize again";
  const auto found = sessions_.find(id);
  if (found == sessions_.end() || found->second.who != who) return base::fail(base::Why::kNotFound, kGone);
  const std::int64_t now = clock_.steady_ms();
  if (now - found->second.used_ms > limits::kSessionIdleMs) {
    sessions_.erase(found);
    return base::fail(base::Why::kNotFound, kGone);
  }
  found->second.used_ms = now;
  return found->second.session;
}

base::Result<protocol::Done> Sessions::set_log_level(const std::string& who, const std::string& id,
                                                     protocol::LogLevel level) {
  const base::Result<protocol::Session> session = find(who, id);
  if (!session) return std::unexpected(session.error());
  sessions_.at(id).session.log_level = level;
  return protocol::Done{};
}

base::Result<protocol::Done> Sessions::subscribe(const std::string& who, const protocol::Subscribe& wish) {
  const base::Result<protocol::Session> session = find(who, wish.id);
  if (!session) return std::unexpected(session.error());
  std::map<std::string, std::string>& all = sessions_.at(wish.id).subscriptions;
  const std::string uri = wish.what.uri;
  if (!wish.wanted) {
    all.erase(uri);
  } else {
    if (!all.contains(uri) && all.size() >= limits::kSubscriptions)
      return base::fail(Why::kConflict,
                        "this session has too many subscriptions: end one with resources/unsubscribe");
    all[uri] = wish.what.server;
  }
  return protocol::Done{};
}

base::Result<protocol::SubscriptionPage> Sessions::subscriptions(const std::string& who,
                                                                 const std::string& id) {
  const base::Result<protocol::Session> session = find(who, id);
  if (!session) return std::unexpected(session.error());
  protocol::SubscriptionPage page;
  for (const auto& [uri, server] : sessions_.at(id).subscriptions)
    page.all.push_back({.uri = std::string_view(uri), .server = std::string_view(server)});
  return page;
}

void Sessions::end_all_of(const std::string& who) {
  std::erase_if(sessions_, [&who](const auto& one) { return one.second.who == who; });
}

base::Result<protocol::Done> Sessions::close(const std::string& who, const std::string& id) {
  const base::Result<protocol::Session> session = find(who, id);
  if (!session) return std::unexpected(session.error());
  sessions_.erase(id);
  return protocol::Done{};
}

}  // namespace mcpbox::monitor
