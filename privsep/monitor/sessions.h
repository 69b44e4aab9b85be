// Legacy MCP sessions.  They live here, so that a gateway that restarts ends nobody's session.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "privsep/base/clock.h"
#include "privsep/base/error.h"
#include "privsep/protocol/messages_access.h"

namespace mcpbox::monitor {

class Sessions {
 public:
  explicit Sessions(const base::Clock& clock) : clock_(clock) {}

  // Past limits::kSessions the one that was idle for longest ends.
  protocol::Session open(const std::string& who, const protocol::OpenSession& wanted);

  // kNotFound when there is none, it idled out, or it belongs to somebody else: a stolen id tells nothing.
  base::Result<protocol::Session> find(const std::string& who, const std::string& id);
  base::Result<protocol::Done> set_log_level(const std::string& who, const std::string& id,
                                             protocol::LogLevel level);
  // resources/subscribe and unsubscribe.  kConflict: too many.
  base::Result<protocol::Done> subscribe(const std::string& who, const protocol::Subscribe& wish);
  base::Result<protocol::SubscriptionPage> subscriptions(const std::string& who, const std::string& id);
  // Of a caller who is none any more.
  void end_all_of(const std::string& who);
  base::Result<protocol::Done> close(const std::string& who, const std::string& id);
  [[nodiscard]] std::size_t size() const { return sessions_.size(); }

 private:
  struct Entry {
    std::string who;
    protocol::Session session;
    std::int64_t used_ms = 0;
    std::map<std::string, std::string> subscriptions = {};  // URI -> its server
  };
  const base::Clock& clock_;
  std::map<std::string, Entry> sessions_;
};

}  // namespace mcpbox::monitor
