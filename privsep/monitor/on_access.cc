// Runs in the monitor: who is calling, and legacy sessions.  Trusts the kernel about who owns a connection,
// and the gateway about nothing but which connection it is.
#include "privsep/monitor/monitor.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {

using base::Why;

Answer<p::Settings> on_hello(Monitor& m, Peer& asker, p::Hello q) {
  // A child of another build would read our messages with another table.
  if (asker.role != p::Role::kCtl && q.build != kVersion)
    co_return base::fail(Why::kInvalid, "child and monitor are of different builds: install them together");
  asker.layers = q.layers;
  p::Settings settings{.version = std::string_view(kVersion)};
  settings.requests_per_minute = static_cast<std::uint32_t>(m.policy.rate_limit_rpm());
  const auto add = [&settings](const auto& listeners) {
    for (const auto& listener : listeners)
      if (listener[0] != '\0') settings.listeners.emplace_back(std::string_view(listener.data()));
  };
  if (asker.role == p::Role::kAdmin)
    add(m.settings.admin_listeners);
  else if (asker.role == p::Role::kNetTunnel)
    add(m.settings.tunnel_listeners);
  else
    add(m.settings.listeners);
  if (asker.role != p::Role::kCtl)
    m.loop.soon([&m, instance = asker.instance] { m.children.serving(instance); });
  else if (asker.owner)
    m.repeats.note(
        {.kind = AuditKind::kAuthentication, .actor = asker.person.who, .action = "control_opened"});
  co_return settings;
}

namespace {

const wire::AllowedUser* allowed(const Monitor& m, std::uint32_t uid) {
  for (const wire::AllowedUser& user : m.settings.allowed_users)
    if (user.name[0] != '\0' && user.uid == uid) return &user;
  return nullptr;
}

// Not waited for: what is let in here can do nothing that is not recorded itself.
void note_access(Monitor& m, const char* action, std::string_view who, std::string_view says) {
  m.repeats.note({.kind = AuditKind::kAuthentication,
                  .actor = std::string(who),
                  .action = action,
                  .payload = std::string(says)});
}

// Whoever holds a token is the client that it was made for, from whichever process of this machine.
base::Result<Principal> holder_of(Monitor& m, std::string_view token, std::uint32_t uid) {
  ClientToken* known = m.client_tokens.with(token);
  if (known == nullptr) return base::fail(Why::kRefused, "this token is not known, or was revoked");
  known->used_at_ms = m.clock.now_ms();
  return Principal{.who = ClientTokens::caller(known->name), .uid = uid};
}

base::Result<Principal> user_of(Monitor& m, std::uint32_t uid) {
  if (const wire::AllowedUser* user = allowed(m, uid))
    return Principal{.who = "unix:" + std::string(user->name.data()), .uid = uid};
  m.log.warn("a user is not allowed", {{"uid", uid}});
  return base::fail(
      Why::kRefused,
      "your user may not use MCPbox: an administrator adds `allow-user = NAME` to mcpbox.conf and "
      "restarts it");
}

}  // namespace

Answer<p::Principal> on_authenticate(Monitor& m, Peer& asker, p::Authenticate q) {
  const base::Result<std::uint32_t> uid = m.owner.uid_of(q.connection.get(), m.settings);
  if (!uid) {
    note_access(m, "not_admitted", protocol::name_of(asker.role), uid.error().text);
    co_return std::unexpected(uid.error());
  }
  base::Result<Principal> principal = q.token.empty() ? user_of(m, *uid) : holder_of(m, q.token, *uid);
  if (!principal) {
    note_access(m, "not_admitted", "uid:" + std::to_string(*uid),
                q.token.empty() ? "not on the list of users" : "a token that is not known");
    co_return std::unexpected(principal.error());
  }
  note_access(m, "admitted", principal->who, protocol::name_of(asker.role));
  p::Principal answer{.who = std::string_view(principal->who)};
  answer.ticket = m.tickets.issue(asker.instance, std::move(*principal));
  co_return answer;
}

Answer<p::Session> on_open_session(Monitor& m, Peer& asker, p::OpenSession q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  co_return m.sessions.open(caller->who, q);
}

Answer<p::Session> on_find_session(Monitor& m, Peer& asker, p::FindSession q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  co_return m.sessions.find(caller->who, q.id);
}

Answer<p::Done> on_set_log_level(Monitor& m, Peer& asker, p::SetLogLevel q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  co_return m.sessions.set_log_level(caller->who, q.id, q.level);
}

Answer<p::Done> on_subscribe(Monitor& m, Peer& asker, p::Subscribe q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  co_return m.sessions.subscribe(caller->who, q);
}

Answer<p::SubscriptionPage> on_list_subscriptions(Monitor& m, Peer& asker, p::ListSubscriptions q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  co_return m.sessions.subscriptions(caller->who, q.id);
}

Answer<p::Done> on_close_session(Monitor& m, Peer& asker, p::CloseSession q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  co_return m.sessions.close(caller->who, q.id);
}

}  // namespace mcpbox::monitor
