// Runs in the monitor: requests through the tunnel, and who may send them.  What takes authority away acts
// before its commit, what gives it acts after.
#include "privsep/monitor/monitor.h"
#include "privsep/monitor/seals.h"
#include "privsep/monitor/sql.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {

using base::Why;

namespace {

// One sentence for everything: whoever holds the gateway learns nothing from it.
constexpr const char* kNotAdmitted = "Authentication failed";

std::string installation_name() {
  const wire::Id id = random_bits();
  std::string name = "mcpbox:";
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (const unsigned char byte : id) {
    name += kDigits[byte >> 4U];
    name += kDigits[byte & 15U];
  }
  return name;
}

p::RemoteState state_of(const RemoteConfig& config) {
  p::RemoteState state{.on = config.on(), .issuer = config.issuer, .audience = config.audience};
  state.keys = config.keys;
  state.policy = config.policy;
  state.entries = config.entries;
  return state;
}

loop::Task<> save(Monitor& m, std::string who, RemoteConfig config) {
  AuditRecord record{.kind = AuditKind::kDecision,
                     .actor = std::move(who),
                     .action = kRemoteAction,
                     .subject = subject_of_setting(kRemoteSetting),
                     .payload = config.issuer};
  const std::string value = text_of(config);
  const Store::MakeRows rows = [&m, &value](std::uint64_t sequence) {
    return std::vector<Statement>{
        {.sql = &sql::kUpsertSetting,
         .params = {Param::text(kRemoteSetting), Param::text(value),
                    Param::integer(static_cast<std::int64_t>(sequence)),
                    Param::digest(seal_of_setting(m.keys, kRemoteSetting, value, sequence))}}};
  };
  // Until it is durable nobody comes in, and nobody does after a failure: which part of a change takes
  // something away is not looked at.
  RemoteConfig closed = m.remote.config();
  closed.keys.clear();
  m.remote.set(std::move(closed));
  if (loop::Link* const tunnel = m.children.link_of(p::Role::kNetTunnel)) {
    p::CallerGone everybody;  // a stream was proven once: its client proves it again
    static_cast<void>(tunnel->notify(everybody));
  }
  const std::uint64_t sequence = co_await m.store.commit(std::move(record), rows);
  static_cast<void>(sequence);
  m.remote.set(std::move(config));
  m.children.bring_back(p::Role::kNetTunnel);
  m.log.info("remote access changed", {{"on", m.remote.config().on()}});
  co_return loop::Nothing{};
}

loop::Task<p::RemoteState> change(Monitor& m, std::string who, RemoteConfig config) {
  if (config.audience.empty()) config.audience = installation_name();
  if (const char* problem = problem_of(config)) co_return base::fail(Why::kInvalid, problem);
  const loop::Nothing saved = co_await save(m, std::move(who), std::move(config));
  static_cast<void>(saved);
  co_return state_of(m.remote.config());
}

}  // namespace

Answer<p::Principal> on_authenticate_remote(Monitor& m, Peer& asker, p::AuthenticateRemote q) {
  base::Result<Principal> caller = m.remote.admit(q);
  if (!caller) {
    m.repeats.note({.kind = AuditKind::kAuthentication,
                    .actor = std::string(protocol::name_of(asker.role)),
                    .action = "not_admitted",
                    .payload = std::string(caller.error().text)});
    co_return base::fail(Why::kRefused, kNotAdmitted);
  }
  // Its nonce is durable before anything is done for it: after a restart it is still spent.
  AuditRecord record{.kind = AuditKind::kAuthentication,
                     .actor = caller->who,
                     .action = kAdmittedAction,
                     .number = q.issued_at,
                     .payload = std::string(reinterpret_cast<const char*>(q.nonce.data()), q.nonce.size())};
  const Instance holder = asker.instance;
  const base::Result<std::uint64_t> recorded = co_await loop::attempt(m.store.append(std::move(record)));
  if (!recorded) co_return base::fail(Why::kRefused, kNotAdmitted);
  p::Principal answer{.who = caller->who, .anonymous = caller->request->anonymous};
  answer.may_list = !answer.anonymous || m.policy.anonymous_listing();
  answer.ticket = m.tickets.issue(holder, std::move(*caller));
  co_return answer;
}

Answer<p::RemoteState> on_read_remote(Monitor& m, Peer& /*asker*/, p::ReadRemote /*q*/) {
  co_return state_of(m.remote.config());
}

Answer<p::RemoteState> on_set_remote_worker(Monitor& m, Peer& asker, p::SetRemoteWorker q) {
  RemoteConfig config = m.remote.config();
  config.issuer = std::move(q.issuer);
  config.keys = std::move(q.keys);
  if (!q.service_token.empty() && q.service_token.size() < policy::limits::kServiceTokenLeast)
    co_return base::fail(Why::kInvalid, "a service token has at least 32 characters");
  if (!q.service_token.empty()) config.token = sha256_of(q.service_token);
  if (config.on() && config.token == wire::Digest{})
    co_return base::fail(Why::kInvalid, "the Worker needs a service token: give it on standard input");
  p::RemoteState state = co_await change(m, asker.person.who, std::move(config));
  co_return state;
}

Answer<p::RemoteState> on_set_remote_policy(Monitor& m, Peer& asker, p::SetRemotePolicy q) {
  RemoteConfig config = m.remote.config();
  config.policy = q.policy;
  config.entries = std::move(q.entries);
  p::RemoteState state = co_await change(m, asker.person.who, std::move(config));
  co_return state;
}

}  // namespace mcpbox::monitor
