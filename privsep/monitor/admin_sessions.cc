// Runs in the monitor.  Trusts no token: its hash must be known, and the session alive, each time.
#include "privsep/monitor/admin_sessions.h"

#include <algorithm>
#include <vector>

#include "privsep/monitor/ids.h"
#include "privsep/monitor/monitor.h"
#include "privsep/monitor/sql.h"

namespace mcpbox::monitor {

namespace limits = policy::limits;

namespace {

bool is_over(const AdminSession& session, std::int64_t now_ms) {
  return now_ms >= session.expires_at_ms || now_ms - session.used_at_ms >= limits::kAdminSessionIdleMs;
}

Statement row_of(const Keys& keys, const AdminSession& session, std::uint64_t sequence) {
  return {.sql = &sql::kInsertAdminSession,
          .params = {Param::uuid(session.id), Param::digest(session.token_hash), Param::text(session.admin),
                     Param::text(session.client), Param::text(session.address),
                     Param::integer(session.created_at_ms), Param::integer(session.expires_at_ms),
                     Param::integer(static_cast<std::int64_t>(sequence)),
                     Param::digest(seal_of_session(keys, session, sequence))}};
}

}  // namespace

wire::Digest AdminSessions::hash_of(std::string_view token) {
  return digest_of({"mcpbox-session-v1", token});
}

wire::Digest seal_of_session(const Keys& keys, const AdminSession& session, std::uint64_t sequence) {
  return keys.seal("admin_sessions", {view_of(session.id), view_of(session.token_hash), session.admin,
                                      session.client, session.address, std::to_string(session.created_at_ms),
                                      std::to_string(session.expires_at_ms), std::to_string(sequence)});
}

loop::Task<protocol::SessionGiven> AdminSessions::open(Instance through, std::string admin,
                                                       std::string client, std::string address) {
  drop_expired();
  if (sessions_.size() >= limits::kAdminSessions) {
    const auto older = [](const auto& a, const auto& b) { return a.second.used_at_ms < b.second.used_at_ms; };
    end(std::min_element(sessions_.begin(), sessions_.end(), older)->first, "priv");
  }
  // 250 random bits in visible ASCII.
  const std::string token = hex_of(random_id()) + hex_of(random_id());
  const std::int64_t now = m_.clock.now_ms();
  AdminSession session{.id = random_id(),
                       .token_hash = hash_of(token),
                       .admin = std::move(admin),
                       .client = std::move(client),
                       .address = std::move(address),
                       .created_at_ms = now,
                       .expires_at_ms = now + limits::kAdminSessionMs,
                       .used_at_ms = now};
  AuditRecord record{.kind = AuditKind::kAuthentication,
                     .actor = "admin:" + session.admin,
                     .action = "sign_in",
                     .subject = session.id,
                     .payload = session.client};
  const Store::MakeRows rows = [this, &session](std::uint64_t sequence) {
    return std::vector<Statement>{row_of(m_.keys, session, sequence)};
  };
  const std::uint64_t sequence = co_await m_.store.commit(std::move(record), rows);
  static_cast<void>(sequence);
  protocol::SessionGiven given{.token = token,
                               .id = session.id,
                               .admin = std::string_view(session.admin),
                               .expires_at_ms = session.expires_at_ms};
  presented_[through].insert(session.id);
  restore(std::move(session));
  co_return given;
}

void AdminSessions::restore(AdminSession session) {
  session.used_at_ms = std::max(session.used_at_ms, session.created_at_ms);
  by_token_[session.token_hash] = session.id;
  const wire::Id id = session.id;
  sessions_[id] = std::move(session);
}

const AdminSession* AdminSessions::use(Instance through, std::string_view token) {
  const auto known = by_token_.find(hash_of(token));
  if (known == by_token_.end()) return nullptr;
  const wire::Id id = known->second;
  AdminSession& session = sessions_[id];
  const std::int64_t now = m_.clock.now_ms();
  if (is_over(session, now) || !m_.admins.contains(session.admin)) {
    end(id, "priv");
    return nullptr;
  }
  session.used_at_ms = now;
  presented_[through].insert(id);
  return &session;
}

const AdminSession* AdminSessions::find(const wire::Id& id) const {
  const auto found = sessions_.find(id);
  return found == sessions_.end() ? nullptr : &found->second;
}

bool AdminSessions::end(const wire::Id& id, const std::string& who) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return false;
  const wire::Id gone = id;  // `id` may live in what is erased
  by_token_.erase(found->second.token_hash);
  sessions_.erase(found);
  for (auto& [through, ids] : presented_) ids.erase(gone);
  m_.background.spawn(forget(gone, who));
  return true;
}

void AdminSessions::end_all_of(const std::string& admin, const wire::Id& but, const std::string& who) {
  std::vector<wire::Id> theirs;
  for (const auto& [id, session] : sessions_)
    if (session.admin == admin && id != but) theirs.push_back(id);
  for (const wire::Id& id : theirs) end(id, who);
}

void AdminSessions::end_presented(Instance through) {
  const auto found = presented_.find(through);
  if (found == presented_.end()) return;
  const std::set<wire::Id> ids = found->second;
  presented_.erase(found);
  for (const wire::Id& id : ids) end(id, "priv");
  if (!ids.empty())
    m_.log.warn("sessions ended because the admin process ended violently", {{"sessions", ids.size()}});
}

void AdminSessions::drop_expired() {
  std::vector<wire::Id> over;
  const std::int64_t now = m_.clock.now_ms();
  for (const auto& [id, session] : sessions_)
    if (is_over(session, now)) over.push_back(id);
  for (const wire::Id& id : over) end(id, "priv");
}

// The chain keeps that it ended, so that a row that somebody puts back is not a session.
loop::Task<> AdminSessions::forget(wire::Id id, std::string who) {
  AuditRecord record{
      .kind = AuditKind::kConfiguration, .actor = who, .action = kEndSessionAction, .subject = id};
  const Store::MakeRows rows = [&id](std::uint64_t /*sequence*/) {
    return std::vector<Statement>{{.sql = &sql::kDeleteAdminSession, .params = {Param::uuid(id)}}};
  };
  const base::Result<std::uint64_t> recorded =
      co_await loop::attempt(m_.store.commit(std::move(record), rows));
  if (!recorded) m_.log.error("the end of a session could not be recorded", recorded.error());
  co_return loop::Nothing{};
}

}  // namespace mcpbox::monitor
