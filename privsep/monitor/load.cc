// Runs in the monitor, once, before it serves.  Trusts the database with content, not with authority:
// approvals, settings and admins count only with a seal that fits and when the chain knows no later decision.
#include <limits>
#include <set>
#include <utility>

#include "privsep/monitor/loading.h"
#include "privsep/monitor/seals.h"
#include "privsep/monitor/sql.h"
#include "privsep/monitor/sql_authority.h"
#include "privsep/monitor/tools.h"

namespace mcpbox::monitor {
namespace {

using namespace loading;

protocol::Approval approval_of(std::string_view status) {
  if (status == "approved") return protocol::Approval::kApproved;
  if (status == "pending_review") return protocol::Approval::kPendingReview;
  if (status == "rejected") return protocol::Approval::kRejected;
  return protocol::Approval::kDraft;
}

// Whoever writes `running` starts nothing: the chain knows what was started.
bool was_started(const LastDecisions& last, const wire::Id& server) {
  const std::string subject(view_of(server));
  const std::uint64_t started = last_of(last, subject, {"start_server"});
  return !last.voids(started) && started > last_of(last, subject, {"stop_server"}) &&
         started > deleted_at(last, server);
}

void take_servers(Monitor& m, const Rows& rows, const LastDecisions& last) {
  for (const Row& row : rows.rows) {
    Server server{.id = bytes<16>(row, 0),
                  .name = text(row, 1),
                  .description = text(row, 2),
                  .running = text(row, 3) == "running",
                  .default_timeout_ms = static_cast<std::uint32_t>(number(row, 5))};
    if (server.running && !was_started(last, server.id)) {
      server.running = false;
      if (last.trusted_from == 0)
        ignore(m, "that server " + server.name + " runs",
               "the audit chain knows no start after its last stop");
    }
    m.catalogue.put(std::move(server));
  }
}

void take_tools(Monitor& m, const Rows& rows) {
  for (const Row& row : rows.rows) {
    Tool tool;
    tool.id = bytes<16>(row, 0);
    tool.server = bytes<16>(row, 1);
    take_content(tool, row, 2);
    tool.version = static_cast<std::uint32_t>(number(row, 18));
    tool.approval = approval_of(text(row, 19));
    tool.created_by = text(row, 20);
    tool.notes = text(row, 21);
    tool.rejection = text(row, 22);
    m.catalogue.put(std::move(tool));
  }
}

LastDecisions by_two_columns(const Rows& rows, std::uint64_t trusted_from) {
  LastDecisions last;
  last.trusted_from = trusted_from;
  for (const Row& row : rows.rows)
    last[{text(row, 0), text(row, 1)}] = static_cast<std::uint64_t>(number(row, 2));
  return last;
}

// A row per tool and digest.  of_tools: of the chain, by tool and digest; last: the others.
//   returns  the tools of rows that were ignored
std::set<wire::Id> take_approvals(Monitor& m, const Rows& rows, const LastDecisions& of_tools,
                                  const LastDecisions& last) {
  std::set<wire::Id> reported;
  for (const Row& row : rows.rows) {
    Tool* tool = m.catalogue.find_tool(bytes<16>(row, 1));
    if (tool == nullptr) continue;
    const auto sequence = static_cast<std::uint64_t>(number(row, 6));
    if (last.voids(sequence)) {
      reported.insert(tool->id);
      continue;
    }
    const std::string what = "the decision on " + m.catalogue.published_name(*tool);
    const auto later = of_tools.find({text(row, 1), text(row, 2)});
    const bool ours = Keys::same(seal_of_approval_row(m, m.keys, row), bytes<32>(row, 8));
    if (!ours || (later != of_tools.end() && sequence < later->second)) {
      ignore(m, what, ours ? kOldRow : kForgedRow);
      reported.insert(tool->id);
    } else if (sequence < deleted_at(last, tool->server, tool->id)) {
      ignore(m, what, kDeletedRow);
      reported.insert(tool->id);
    } else if (text(row, 3) == "approved") {
      tool->approved[bytes<32>(row, 2)] = {
          .by = text(row, 4), .sequence = sequence, .capabilities = text(row, 9), .at_ms = number(row, 7)};
    }
  }
  return reported;
}

// What is called approved and is not: nobody may call it, and an administrator should know that it was tried.
void report_invented(Monitor& m, const LastDecisions& last, const std::set<wire::Id>& reported) {
  if (last.trusted_from != 0) return;  // what is void has been said
  for (const auto& [id, tool] : m.catalogue.tools()) {
    const bool invented = tool.approval == protocol::Approval::kApproved && !approved_as_it_is(tool);
    const std::pair digest_of_it(std::string(view_of(id)), std::string(view_of(digest_of_tool(tool))));
    if (!invented || reported.contains(id) || last.contains(digest_of_it)) continue;  // it was revoked
    ignore(m, "that " + m.catalogue.published_name(tool) + " is approved",
           "nobody has decided on what it is now");
  }
}

void take_admins(Monitor& m, const Rows& rows, const LastDecisions& last) {
  for (const Row& row : rows.rows) {
    const std::string name = text(row, 0);
    const std::string hash = text(row, 1);
    const auto sequence = static_cast<std::uint64_t>(number(row, 2));
    if (last.voids(sequence)) continue;
    if (!Keys::same(seal_of_admin_row(m, m.keys, row), bytes<32>(row, 3)))
      ignore(m, "admin " + name, kForgedRow);
    else if (sequence < last_of(last, std::string(view_of(subject_of_admin(name))), {"set_password"}))
      ignore(m, "admin " + name, kOldRow);
    else if (!hash.empty())  // empty: removed
      m.admins[name] = hash;
  }
}

void take_sessions(Monitor& m, const Rows& rows, const LastDecisions& last) {
  for (const Row& row : rows.rows) {
    AdminSession session = session_of(row);
    session.used_at_ms = m.clock.now_ms();  // when it was last used is not stored: it has a day from now
    const auto sequence = static_cast<std::uint64_t>(number(row, 7));
    if (last.voids(sequence)) continue;
    const std::string admin(view_of(subject_of_admin(session.admin)));
    if (!Keys::same(seal_of_session_row(m, m.keys, row), bytes<32>(row, 8)))
      ignore(m, "a session of " + session.admin, kForgedRow);
    else if (sequence < last_of(last, std::string(view_of(session.id)), {kEndSessionAction}) ||
             sequence < last_of(last, admin, {"set_password"}))
      m.log.info("a session that was ended is ignored", {{"admin", session.admin}});
    else if (m.clock.now_ms() < session.expires_at_ms)
      m.admin_sessions.restore(std::move(session));
  }
}

void take_client_tokens(Monitor& m, const Rows& rows, const LastDecisions& last) {
  for (const Row& row : rows.rows) {
    ClientToken token = client_of(row);
    const auto sequence = static_cast<std::uint64_t>(number(row, 4));
    if (last.voids(sequence)) continue;
    const std::string subject(view_of(subject_of_client(token.name)));
    if (!Keys::same(seal_of_client_row(m, m.keys, row), bytes<32>(row, 5)))
      ignore(m, "the token of client " + token.name, kForgedRow);
    else if (sequence < last_of(last, subject, {"create_client_token", kRevokeClientAction}))
      ignore(m, "the token of client " + token.name, kOldRow);
    else
      m.client_tokens.put(std::move(token));
  }
}

// A freeze is authority that was taken away: when its row is missing, forged or old, the chain decides.
void take_freeze(Monitor& m, const Rows& rows, const LastDecisions& last) {
  const std::string nobody(16, '\0');
  const std::uint64_t frozen_at = last_of(last, nobody, {"freeze"});
  const std::uint64_t thawed_at = last_of(last, nobody, {"thaw"});
  m.frozen = frozen_at > thawed_at;
  if (!m.frozen && last.trusted_from != 0 && last.voids(thawed_at)) {
    m.frozen = true;
    m.freeze_reason = "decisions are missing from the database";
  }
  for (const Row& row : rows.rows) {
    const std::string key = text(row, 0);
    const std::string value = text(row, 1);
    const auto sequence = static_cast<std::uint64_t>(number(row, 2));
    if (!Keys::same(seal_of_setting_row(m, m.keys, row), bytes<32>(row, 3)))
      ignore(m, "setting " + key, kForgedRow);
    else if (key == "freeze_reason" && sequence == frozen_at)
      m.freeze_reason = value;
  }
}

// One sentence for all that take_*() passes over in silence.
void report_void(Monitor& m) {
  const std::uint64_t from = m.store.trusted_from();
  if (from == 0) return;
  const std::string record = std::to_string(from);
  m.log.warn("decisions before a record are void", {{"record", record}});
  m.warnings.push_back("decisions were missing from the database: none before audit record " + record +
                       " counts; restore a backup, or decide anew (docs/incident-response.md)");
}

}  // namespace

loop::Task<> Monitor::load() {
  const Rows servers = co_await read(*this, sql::kLoadServers);
  const Rows tools = co_await read(*this, sql::kLoadTools);
  const Rows approvals = co_await read(*this, sql::kLoadApprovals);
  const Rows admin_rows = co_await read(*this, sql::kLoadAdmins);
  const Rows setting_rows = co_await read(*this, sql::kLoadSettings);
  const Rows session_rows = co_await read(*this, sql::kLoadAdminSessions);
  const Rows client_rows = co_await read(*this, sql::kLoadClientTokens);
  const Rows grant_rows = co_await read(*this, sql::kLoadGrants);
  const Rows secret_rows = co_await read(*this, sql::kLoadSecrets);
  Statement last_of_all{.sql = &sql::kLastDecisions};
  last_of_all.params = {Param::integer(std::numeric_limits<std::int64_t>::max())};
  Statement last_of_tools{.sql = &sql::kLastToolDecisions, .params = last_of_all.params};
  const Rows decisions = co_await store.query(std::move(last_of_all));
  const Rows tool_decisions = co_await store.query(std::move(last_of_tools));
  const LastDecisions last = by_two_columns(decisions, store.trusted_from());
  const LastDecisions of_tools = by_two_columns(tool_decisions, store.trusted_from());
  report_void(*this);
  Statement nonces_of_late{
      .sql = &sql::kSpentNonces,
      .params = {Param::integer(clock.now_ms() - policy::assertion::kNonceSeconds * 1000)}};
  const Rows nonces = co_await store.query(std::move(nonces_of_late));
  take_servers(*this, servers, last);
  take_tools(*this, tools);
  const std::set<wire::Id> reported = take_approvals(*this, approvals, of_tools, last);
  report_invented(*this, of_tools, reported);
  take_admins(*this, admin_rows, last);
  take_sessions(*this, session_rows, last);
  take_client_tokens(*this, client_rows, last);
  take_freeze(*this, setting_rows, last);
  take_policy(*this, setting_rows, last);
  take_remote(*this, setting_rows, last);
  take_nonces(*this, nonces);
  take_grants(*this, grant_rows, last);
  take_secrets(*this, secret_rows, last);
  log.info(
      "loaded",
      {{"servers", catalogue.servers().size()}, {"tools", catalogue.tools().size()}, {"frozen", frozen}});
  co_return loop::Nothing{};
}

}  // namespace mcpbox::monitor
