// Runs in the monitor.  What egress says about a call is believed only of a call that is live and has a
// network.
#include "policy/hosts.h"
#include "privsep/monitor/monitor.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {

using base::Why;

namespace {

std::string place_of(std::string_view host, std::uint16_t port) {
  return std::string(host) + ":" + std::to_string(port);
}

AuditRecord refusal_of(const Call& call, std::string payload) {
  return {.kind = AuditKind::kRefusal,
          .actor = call.job.caller.who,
          .action = "secret_refused",
          .subject = call.job.tool,
          .payload = std::move(payload)};
}

// May this secret go there now?
const char* binding_problem(const Monitor& m, const Call& call, const StoredSecret& secret,
                            const p::ReadSecret& q) {
  if (secret.binding.host != q.host || secret.binding.port != q.port)
    return "the secret is bound to another host or port";
  const Grant* approved = m.grants.for_host(call.server, q.host, q.port);
  if (approved == nullptr && !m.policy.all_public())
    return "the host is not approved for this server any more";
  return nullptr;
}

}  // namespace

Answer<p::Done> on_report_denied(Monitor& m, Peer& /*asker*/, p::ReportDenied q) {
  Call* call = m.calls.find(q.grant);
  if (call == nullptr) co_return p::Done{};  // over meanwhile
  ++call->egress_denied;
  const Tool* tool = m.catalogue.find_tool(call->job.tool);
  const std::string name = tool == nullptr ? "" : m.catalogue.published_name(*tool);
  if (q.what == p::Denied::kPlaceholder) {
    m.log.warn("a tool tried to send a secret where it may not go",
               {{"tool", name}, {"host", q.host}, {"port", q.port}});
    m.repeats.note(
        refusal_of(*call, "a placeholder where no value is filled in, to " + place_of(q.host, q.port)));
    co_return p::Done{};
  }
  // Shown to a reviewer it would be a trap: nothing that they could do about it would be right.
  if (!policy::can_be_approved(q.host)) {
    m.log.warn("a tool tried what nobody can approve", {{"tool", name}, {"host", q.host}, {"port", q.port}});
    co_return p::Done{};
  }
  m.log.warn("a tool tried what is not approved", {{"tool", name}, {"host", q.host}, {"port", q.port}});
  m.denials.note(call->job.tool, call->server, q.host, q.port, m.clock.now_ms());
  co_return p::Done{};
}

// Everything is looked up again after the record is durable: authority may have gone meanwhile.
Answer<p::SecretValue> on_read_secret(Monitor& m, Peer& /*asker*/, p::ReadSecret q) {
  constexpr base::Error kNoSuch{Why::kNotFound, "the placeholder belongs to no call that runs"};
  const auto look = [&m, &q]() -> const StoredSecret* {
    return m.egress.has(q.grant) ? m.calls.secret_behind(q.grant, q.placeholder) : nullptr;
  };
  const Call* call = m.calls.find(q.grant);
  const StoredSecret* secret = look();
  if (call == nullptr || secret == nullptr) co_return std::unexpected(kNoSuch);
  const std::string what = secret->key + " to " + place_of(q.host, q.port);
  if (const char* problem = binding_problem(m, *call, *secret, q)) {
    m.repeats.note(refusal_of(*call, what));
    m.log.warn("a secret was refused", {{"what", what}, {"why", problem}});
    co_return base::fail(Why::kRefused, problem);
  }
  const std::uint64_t of = secret->sequence;
  AuditRecord record{.kind = AuditKind::kSecretRead,
                     .actor = call->job.caller.who,
                     .action = "read_secret",
                     .subject = secret->id,
                     .call = call->id,
                     .digest = call->digest,
                     .payload = what};
  const base::Result<std::uint64_t> recorded = co_await loop::attempt(m.store.append(std::move(record)));
  if (!recorded) co_return base::fail(Why::kBroken, "the read could not be recorded, so nothing was read");
  call = m.calls.find(q.grant);
  secret = look();
  if (call == nullptr || secret == nullptr || secret->sequence != of) co_return std::unexpected(kNoSuch);
  if (const char* problem = binding_problem(m, *call, *secret, q))
    co_return base::fail(Why::kRefused, problem);
  const base::Result<Plain> value = value_of(m.keys, *secret);
  if (!value) co_return std::unexpected(value.error());
  co_return p::SecretValue{.place = secret->binding.place,
                           .name = secret->binding.name,
                           .form = secret->binding.form,
                           .value = value->view()};
}

}  // namespace mcpbox::monitor
