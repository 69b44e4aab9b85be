// Runs in the monitor: what a person asks with mcpboxctl.  The table has let only deciders through to what
// decides.
#include "policy/audit_limits.h"
#include "privsep/monitor/monitor.h"
#include "privsep/monitor/reads.h"
#include "privsep/monitor/review.h"
#include "privsep/monitor/seals.h"
#include "privsep/monitor/sql.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {

using base::Why;
namespace limits = policy::limits;

Answer<p::Done> on_unlock(Monitor& m, Peer& asker, p::Unlock q) {
  const auto record_refusal = [&] {
    m.repeats.note({.kind = AuditKind::kAuthentication,
                    .actor = asker.person.who,
                    .action = "unlock_refused",
                    .payload = std::string(q.admin)});
  };
  if (!asker.member) {
    record_refusal();
    co_return base::fail(Why::kRefused, "only root and members of the admin group may decide: use sudo");
  }
  const auto admin = m.admins.find(q.admin);
  const Passwords::Attempt attempt{.uid = asker.person.uid,
                                   .account = admin == m.admins.end() ? std::string() : admin->first};
  std::string hash = admin == m.admins.end() ? kNobodysHash : admin->second;
  const base::Result<loop::Nothing> right =
      co_await loop::attempt(m.passwords.check(attempt, std::string(q.password), std::move(hash)));
  if (!right) {
    record_refusal();
    co_return std::unexpected(right.error());
  }
  AuditRecord record{.kind = AuditKind::kAuthentication,
                     .actor = asker.person.who,
                     .action = "unlocked",
                     .payload = std::string(q.admin)};
  const std::uint64_t sequence = co_await m.store.append(std::move(record));
  static_cast<void>(sequence);
  asker.person.who = "admin:" + std::string(q.admin) + " (" + asker.person.who + ")";
  co_return p::Done{};
}

Answer<p::JsonText> on_read_logs(Monitor& m, Peer& asker, p::ReadLogs q) {
  if (q.page == 0 || q.page_size == 0 || q.page_size > limits::kPageMax)
    co_return base::fail(Why::kInvalid, "page begins at 1 and page_size is 1 to 100");
  const std::string whose = asker.state == p::State::kDeciding ? std::string() : asker.person.who;
  p::JsonText json = co_await read_json(m, statement_of(q, whose));
  co_return json;
}

Answer<p::JsonText> on_admin_read(Monitor& m, Peer& /*asker*/, p::AdminRead q) {
  if (q.page == 0 || q.page_size == 0 || q.page_size > limits::kPageMax)
    co_return base::fail(Why::kInvalid, "page begins at 1 and page_size is 1 to 100");
  p::JsonText json = co_await read_json(m, statement_of(m.catalogue, q, m.clock.now_ms()));
  co_return json;
}

Answer<p::ToolDetail> on_show_tool(Monitor& m, Peer& /*asker*/, p::ShowTool q) {
  wire::Id id = q.id;
  if (const Tool* named = m.catalogue.find_tool(std::string_view(q.tool));
      id == wire::Id{} && named != nullptr)
    id = named->id;
  p::ToolDetail detail = co_await detail_of(m, id);
  co_return detail;
}

namespace {

// A freeze acts before it is written; a thaw when it is durable.
loop::Task<> save_freeze(Monitor& m, std::string who, const char* action, std::string reason) {
  AuditRecord record{.kind = AuditKind::kConfiguration,
                     .actor = std::move(who),
                     .action = action,
                     .payload = reason.substr(0, limits::kAuditPayloadBytes)};
  const Store::MakeRows rows = [&m, &reason](std::uint64_t sequence) {
    return std::vector<Statement>{
        {.sql = &sql::kUpsertSetting,
         .params = {Param::text("freeze_reason"), Param::text(reason),
                    Param::integer(static_cast<std::int64_t>(sequence)),
                    Param::digest(seal_of_setting(m.keys, "freeze_reason", reason, sequence))}}};
  };
  const std::uint64_t sequence = co_await m.store.commit(std::move(record), rows);
  static_cast<void>(sequence);
  co_return loop::Nothing{};
}

// What an administrator stops is stopped; the record follows when it can be written.
loop::Task<> save_freeze_later(Monitor& m, std::string who, std::string reason) {
  while (m.frozen) {
    const loop::Nothing slept = co_await m.loop.sleep(limits::kFreezeRetryMs);
    static_cast<void>(slept);
    const base::Result<loop::Nothing> saved = co_await loop::attempt(save_freeze(m, who, "freeze", reason));
    if (saved) co_return loop::Nothing{};
  }
  co_return loop::Nothing{};
}

}  // namespace

Answer<p::Done> on_freeze(Monitor& m, Peer& asker, p::Freeze q) {
  m.frozen = true;
  m.freeze_reason = q.reason;
  m.calls.kill_all();
  m.log.warn("frozen", {{"by", asker.person.who}, {"reason", std::string_view(q.reason)}});
  const base::Result<loop::Nothing> saved =
      co_await loop::attempt(save_freeze(m, asker.person.who, "freeze", std::string(q.reason)));
  if (!saved) {
    m.log.error("the freeze acts, and is not recorded yet", saved.error());
    m.background.spawn(save_freeze_later(m, asker.person.who, std::string(q.reason)));
  }
  co_return p::Done{};
}

Answer<p::Done> on_thaw(Monitor& m, Peer& asker, p::Thaw /*q*/) {
  if (!m.frozen) co_return base::fail(Why::kConflict, "MCPbox is not frozen");
  const loop::Nothing saved = co_await save_freeze(m, asker.person.who, "thaw", "");
  static_cast<void>(saved);
  m.frozen = false;
  m.freeze_reason.clear();
  m.log.info("thawed", {{"by", asker.person.who}});
  co_return p::Done{};
}

}  // namespace mcpbox::monitor
