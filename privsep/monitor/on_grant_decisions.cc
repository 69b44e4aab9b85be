// Runs in the monitor: what a person decides about hosts and modules.  What takes authority away acts before
// its commit, what gives it acts after.
#include <expected>
#include <string>
#include <utility>

#include "privsep/monitor/granting.h"
#include "privsep/monitor/monitor.h"
#include "privsep/monitor/server_words.h"
#include "privsep/monitor/sql_authority.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {

using base::Why;
using p::GrantKind;
using p::GrantState;
using p::GrantVerdict;
namespace limits = policy::limits;

namespace {

constexpr unsigned bit(GrantState state) { return 1U << static_cast<unsigned>(state); }

// From which states a verdict leads to which; DESIGN.md 2.6 and the contract's section 6 as a table.
struct Transition {
  GrantVerdict verdict;
  unsigned from;
  GrantState to;  // of no meaning for kDelete
  const char* action;
  const char* otherwise;
};
// clang-format off
constexpr Transition kTransitions[] = {
    {GrantVerdict::kApprove, bit(GrantState::kPending) | bit(GrantState::kRejected) | bit(GrantState::kRevoked),
     GrantState::kApproved, "approve_grant", "it is approved already"},
    {GrantVerdict::kReject, bit(GrantState::kPending), GrantState::kRejected, "reject_grant",
     "only what waits for a decision can be rejected: revoke what is approved"},
    // Again, too: a revocation acts even when the database was away, and is recorded by the next one.
    {GrantVerdict::kRevoke, bit(GrantState::kApproved) | bit(GrantState::kRevoked), GrantState::kRevoked, "revoke_grant",
     "only what is approved can be revoked"},
    {GrantVerdict::kDelete, bit(GrantState::kPending) | bit(GrantState::kRejected) | bit(GrantState::kRevoked),
     GrantState::kRevoked, "delete_grant", "what is approved cannot be deleted: revoke it first"},
};
// clang-format on

const Transition& transition_of(GrantVerdict verdict) {
  return kTransitions[static_cast<unsigned>(verdict) - 1];
}

base::Result<void> check_private(const Grant& grant, bool private_too) {
  if (!private_too) return {};
  if (grant.kind != GrantKind::kHost)
    return base::fail(Why::kInvalid, "private addresses are a question of hosts, not of modules");
  if (policy::is_wildcard(grant.name) || grant.port == 0)
    return base::fail(
        Why::kInvalid,
        "private addresses are allowed for one exact host and one exact port only: add a grant that "
        "names both");
  return {};
}

void kill_users_of(Monitor& m, const Grant& grant) {
  if (grant.kind == GrantKind::kModule) return m.calls.kill_calls_with_package(grant.name);
  for (const auto& [id, tool] : m.catalogue.tools())
    if (tool.server == grant.server) m.calls.kill_calls_of_tool(id);
}

p::GrantDetail detail_of(const Monitor& m, const Grant& grant) {
  p::GrantDetail detail{.grant = info_of(m, grant)};
  const bool host = grant.kind == GrantKind::kHost;
  for (const auto& [id, tool] : m.catalogue.tools()) {
    if ((host && tool.server != grant.server) || !approved_as_it_is(tool)) continue;
    ++detail.reaches_total;
    if (detail.reaches.size() < limits::kReachedTools)
      detail.reaches.emplace_back(m.catalogue.published_name(tool));
  }
  return detail;
}

// Starts the interpreter that the first call would wait for; it says whether the package is there.
loop::Task<> look_for(Monitor& m, std::string package) {
  Flavour flavour{.packages = {std::move(package)}};
  const base::Result<std::shared_ptr<Spare>> found =
      co_await loop::attempt(m.spares.take(std::move(flavour), m.spare_patience_ms));
  static_cast<void>(found);
  co_return loop::Nothing{};
}

void look_after(Monitor& m, const Grant& grant) {
  if (grant.kind == GrantKind::kModule && grant.approved() && !policy::is_standard_library(grant.name))
    m.background.spawn(look_for(m, grant.name));
}

loop::Task<> delete_grant(Monitor& m, std::string who, Grant grant) {
  AuditRecord record = record_of(m, AuditKind::kDecision, std::move(who), "delete_grant", grant);
  const Store::MakeRows rows = [id = grant.id](std::uint64_t /*sequence*/) {
    return std::vector<Statement>{{.sql = &sql::kDeleteGrant, .params = {Param::uuid(id)}}};
  };
  const std::uint64_t sequence = co_await m.store.commit(std::move(record), rows);
  static_cast<void>(sequence);
  m.grants.erase(grant.id);
  co_return loop::Nothing{};
}

// An administrator's own grant: there is nobody to ask.
loop::Task<p::GrantDetail> add(Monitor& m, std::string who, Grant grant) {
  if (m.grants.count() >= limits::kGrants)
    co_return base::fail(Why::kBusy, "there are too many grants: delete some first");
  if (m.grants.same(grant, GrantState::kPending) != nullptr)
    co_return base::fail(Why::kConflict, "it was asked for already: approve that request instead");
  grant.state = GrantState::kPending;  // until it is durable
  grant.from_admin = true;
  grant.requested_by = who;
  grant.decided_by = who;
  grant.requested_at_ms = grant.decided_at_ms = m.clock.now_ms();
  const wire::Id id = grant.id;
  m.grants.put(grant);
  const GrantMark mark(m.grants, id);
  grant.state = GrantState::kApproved;
  AuditRecord record = record_of(m, AuditKind::kDecision, std::move(who), "add_grant", grant);
  const base::Result<Grant> saved =
      co_await loop::attempt(save_grant(m, std::move(record), std::move(grant)));
  if (!saved) m.grants.erase(id);
  if (!saved) co_return std::unexpected(saved.error());
  look_after(m, *saved);
  m.log.info("granted", {{"what", text_of(*saved)}, {"by", saved->decided_by}});
  co_return detail_of(m, *saved);
}

base::Result<wire::Id> server_named(Monitor& m, std::string_view words) {
  const Server* server = server_by(m.catalogue, words);
  if (server == nullptr) return base::fail(Why::kNotFound, "there is no such server");
  return server->id;
}

}  // namespace

Answer<p::GrantPage> on_review_grants(Monitor& m, Peer& /*asker*/, p::ReviewGrants q) {
  if (!q.server.empty()) {
    const base::Result<wire::Id> server = server_named(m, q.server);
    if (!server) co_return std::unexpected(server.error());
    q.filter.server = *server;
  }
  base::Result<p::GrantPage> page = page_of(m, q.filter, q.search);
  co_return page;
}

Answer<p::GrantDetail> on_show_grant(Monitor& m, Peer& /*asker*/, p::ShowGrant q) {
  const Grant* grant = m.grants.find(q.grant);
  if (grant == nullptr) co_return base::fail(Why::kNotFound, "no request or grant with this id");
  co_return detail_of(m, *grant);
}

Answer<p::GrantInfo> on_decide_grant(Monitor& m, Peer& asker, p::DecideGrant q) {
  Grant* grant = m.grants.find(q.grant);
  if (grant == nullptr) co_return base::fail(Why::kNotFound, "no request or grant with this id");
  if (grant->saving) co_return base::fail(Why::kConflict, "another decision on it is being saved");
  if (grant->sequence != q.sequence)
    co_return base::fail(Why::kConflict, "it has changed since it was shown: look at it again");
  const Transition& transition = transition_of(q.verdict);
  if ((transition.from & bit(grant->state)) == 0) co_return base::fail(Why::kConflict, transition.otherwise);
  if (q.verdict == GrantVerdict::kReject && q.reason.empty())
    co_return base::fail(Why::kInvalid, "a rejection needs a reason that the author can act on");
  const base::Result<void> fits = check_private(*grant, q.private_too);
  if (!fits) co_return std::unexpected(fits.error());
  const GrantMark mark(m.grants, q.grant);
  Grant next = *grant;
  next.decided_by = asker.person.who;
  next.decided_at_ms = m.clock.now_ms();
  next.reason = q.reason;
  if (q.verdict == GrantVerdict::kDelete) {
    p::GrantInfo info = info_of(m, next);
    const loop::Nothing gone = co_await delete_grant(m, asker.person.who, std::move(next));
    static_cast<void>(gone);
    co_return info;
  }
  next.state = transition.to;
  next.private_too = q.verdict == GrantVerdict::kApprove && q.private_too;
  if (q.verdict == GrantVerdict::kRevoke) {
    grant->state = GrantState::kRevoked;
    kill_users_of(m, *grant);
  }
  AuditRecord record = record_of(m, AuditKind::kDecision, asker.person.who, transition.action, next);
  const Grant saved = co_await save_grant(m, std::move(record), std::move(next));
  look_after(m, saved);
  m.log.info("decided",
             {{"grant", text_of(saved)}, {"verdict", transition.action}, {"by", saved.decided_by}});
  co_return info_of(m, saved);
}

Answer<p::GrantDetail> on_add_host(Monitor& m, Peer& asker, p::AddHost q) {
  const base::Result<wire::Id> server = server_named(m, q.server);
  if (!server) co_return std::unexpected(server.error());
  std::expected<std::string, const char*> host = policy::host_name(q.host, policy::HostAuthor::kAdmin);
  if (!host) co_return base::fail(Why::kInvalid, host.error());
  if ((q.methods & ~policy::kAllMethods) != 0) co_return base::fail(Why::kInvalid, "an unknown HTTP method");
  if (!q.path.empty() && !policy::is_path_prefix(q.path))
    co_return base::fail(Why::kInvalid,
                         "the path begins with / and has no query, percent sign, or . and .. parts");
  Grant grant{.id = random_id(), .kind = GrantKind::kHost, .server = *server};
  grant.name = std::move(*host);
  grant.port = q.port;
  grant.methods = q.methods;
  grant.path = q.path;
  grant.private_too = q.private_too;
  grant.justification = q.justification;
  const base::Result<void> fits = check_private(grant, q.private_too);
  if (!fits) co_return std::unexpected(fits.error());
  const Grant* covering = m.grants.for_host(*server, grant.name, grant.port);
  const bool more_private = q.private_too && covering != nullptr && !covering->private_too;
  if (covering != nullptr && covering->methods == 0 && covering->path.empty() && !more_private)
    co_return base::fail(Why::kConflict, "an approved grant covers this already");
  p::GrantDetail detail = co_await add(m, asker.person.who, std::move(grant));
  co_return detail;
}

Answer<p::GrantDetail> on_add_module(Monitor& m, Peer& asker, p::AddModule q) {
  if (!policy::is_module_path(q.module))
    co_return base::fail(Why::kInvalid,
                         "a module is named as in an import statement, such as yaml or xml.sax");
  if (importable(m.grants, q.module))
    co_return base::fail(Why::kConflict, "tools may import this module already");
  Grant grant{.id = random_id(), .kind = GrantKind::kModule};
  grant.name = policy::top_level(q.module);
  grant.justification = q.justification;
  p::GrantDetail detail = co_await add(m, asker.person.who, std::move(grant));
  co_return detail;
}

}  // namespace mcpbox::monitor
