// Runs in the monitor: tokens for clients in containers.  Only a person at a terminal makes one; a gateway
// shows what it was given and learns whose it is.
#include "policy/names.h"
#include "privsep/monitor/ids.h"
#include "privsep/monitor/monitor.h"
#include "privsep/monitor/sql.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {

using base::Why;
namespace limits = policy::limits;

Answer<p::ClientTokenGiven> on_create_client_token(Monitor& m, Peer& asker, p::CreateClientToken q) {
  const std::string name = q.name;
  if (policy::server_name_problem(name) != policy::NameProblem::kNone)
    co_return base::fail(Why::kInvalid,
                         "a client's name has lower-case letters, digits and single underscores, and begins "
                         "with a letter, such as laptop_vm");
  if (m.client_tokens.find(name) != nullptr)
    co_return base::fail(Why::kConflict, "there is a token of this name: revoke it first, or choose another");
  if (m.client_tokens.all().size() >= limits::kClientTokens)
    co_return base::fail(Why::kConflict, "there are too many tokens: revoke one that nobody uses");
  const std::string token = ClientTokens::fresh();
  ClientToken made{.name = name,
                   .hash = ClientTokens::hash_of(token),
                   .created_by = asker.person.who,
                   .created_at_ms = m.clock.now_ms()};
  AuditRecord record{.kind = AuditKind::kDecision,
                     .actor = asker.person.who,
                     .action = "create_client_token",
                     .subject = subject_of_client(name),
                     .payload = name};
  const Store::MakeRows rows = [&m, &made](std::uint64_t sequence) {
    return std::vector<Statement>{
        {.sql = &sql::kInsertClientToken,
         .params = {Param::text(made.name), Param::digest(made.hash), Param::text(made.created_by),
                    Param::integer(made.created_at_ms), Param::integer(static_cast<std::int64_t>(sequence)),
                    Param::digest(seal_of_client(m.keys, made, sequence))}}};
  };
  const std::uint64_t sequence = co_await m.store.commit(std::move(record), rows);
  static_cast<void>(sequence);
  m.client_tokens.put(std::move(made));  // gives authority: after its commit
  co_return p::ClientTokenGiven{.token = std::string_view(token)};
}

Answer<p::ClientTokenPage> on_list_client_tokens(Monitor& m, Peer& /*asker*/, p::ListClientTokens /*q*/) {
  p::ClientTokenPage page;
  for (const auto& [name, token] : m.client_tokens.all())
    page.tokens.push_back({.name = std::string_view(name),
                           .created_by = std::string_view(token.created_by),
                           .created_at_ms = token.created_at_ms,
                           .used_at_ms = token.used_at_ms});
  co_return page;
}

Answer<p::Done> on_revoke_client_token(Monitor& m, Peer& asker, p::RevokeClientToken q) {
  const std::string name = q.name;
  if (!m.client_tokens.erase(name)) co_return base::fail(Why::kNotFound, "there is no token of this name");
  const std::string who = ClientTokens::caller(name);
  m.tickets.revoke(who);
  m.sessions.end_all_of(who);
  m.calls.kill_calls_of_caller(who);
  m.children.each_gateway([&who](loop::Link& gateway) {
    p::CallerGone news{.who = std::string_view(who)};
    static_cast<void>(gateway.notify(news));
  });
  AuditRecord record{.kind = AuditKind::kDecision,
                     .actor = asker.person.who,
                     .action = kRevokeClientAction,
                     .subject = subject_of_client(name),
                     .payload = name};
  const Store::MakeRows rows = [&name](std::uint64_t /*sequence*/) {
    return std::vector<Statement>{{.sql = &sql::kDeleteClientToken, .params = {Param::text(name)}}};
  };
  const std::uint64_t sequence = co_await m.store.commit(std::move(record), rows);
  static_cast<void>(sequence);
  co_return p::Done{};
}

}  // namespace mcpbox::monitor
