// Sessions of admins.  The token is random and known to its holder alone; here and in the sealed row is its
// hash.  Memory is the truth: what ends a session acts before its commit.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "privsep/loop/task.h"
#include "privsep/monitor/store.h"
#include "privsep/monitor/tickets.h"
#include "privsep/protocol/messages_admin.h"

namespace mcpbox::monitor {

class Monitor;

struct AdminSession {
  wire::Id id{};
  wire::Digest token_hash{};
  std::string admin;
  std::string client;
  std::string address;
  std::int64_t created_at_ms = 0;
  std::int64_t expires_at_ms = 0;
  std::int64_t used_at_ms = 0;
};

class AdminSessions {
 public:
  explicit AdminSessions(Monitor& monitor) : m_(monitor) {}

  // Opens one for an admin who has just proven to be one.  Past limits::kAdminSessions the one idle for
  // longest ends.
  loop::Task<protocol::SessionGiven> open(Instance through, std::string admin, std::string client,
                                          std::string address);

  // The session with this token, or null; using it keeps it alive.  `through` has presented it from now on.
  const AdminSession* use(Instance through, std::string_view token);
  [[nodiscard]] const AdminSession* find(const wire::Id& id) const;
  [[nodiscard]] const std::map<wire::Id, AdminSession>& all() const { return sessions_; }

  // Ends it at once; false when there is none.  who: for the chain.
  bool end(const wire::Id& id, const std::string& who);
  // Of an admin whose password changed or who is gone.
  void end_all_of(const std::string& admin, const wire::Id& but, const std::string& who);
  // Whoever held this link may have been an attacker: every session it presented ends.
  void end_presented(Instance through);

  void forget_presented(Instance through) { presented_.erase(through); }

  // From a row whose seal was checked.
  void restore(AdminSession session);

  static wire::Digest hash_of(std::string_view token);

 private:
  void drop_expired();
  loop::Task<> forget(wire::Id id, std::string who);

  Monitor& m_;
  std::map<wire::Id, AdminSession> sessions_;
  std::map<wire::Digest, wire::Id> by_token_;
  std::map<Instance, std::set<wire::Id>> presented_;
};

// What the seal of a session's row covers.
wire::Digest seal_of_session(const class Keys& keys, const AdminSession& session, std::uint64_t sequence);

inline constexpr const char* kEndSessionAction = "end_session";

}  // namespace mcpbox::monitor
