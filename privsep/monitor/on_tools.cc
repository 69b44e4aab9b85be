// Runs in the monitor: what authors do with tools.  Source goes to a compile child and comes back as opaque
// bytes; whatever the author changes takes the approval away.
#include "privsep/monitor/tools.h"

#include "policy/names.h"
#include "privsep/monitor/ids.h"
#include "privsep/monitor/monitor.h"
#include "privsep/monitor/sql.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {

using base::Why;
namespace limits = policy::limits;

namespace {

std::size_t characters(std::string_view utf8) {
  std::size_t count = 0;
  for (const char c : utf8) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
  return count;
}

base::Result<void> check_texts(const std::string* description, const std::string* code,
                               const std::uint32_t* timeout_ms) {
  if (description != nullptr && characters(*description) > limits::kDescriptionChars)
    return base::fail(Why::kInvalid, "description has more than 2000 characters: shorten it");
  if (code != nullptr && code->empty())
    return base::fail(Why::kInvalid, "python_code is empty: give the source with an `async def main(...)`");
  if (code != nullptr && characters(*code) > limits::kCodeChars)
    return base::fail(Why::kInvalid, "python_code has more than 100000 characters: shorten it");
  if (timeout_ms != nullptr && (*timeout_ms < limits::kTimeoutMinMs || *timeout_ms > limits::kTimeoutMaxMs))
    return base::fail(Why::kInvalid, "timeout_ms is 1000 to 300000");
  return {};
}

base::Result<void> check_new_name(Monitor& m, const wire::Id& server, const std::string& name) {
  const policy::NameProblem problem = policy::tool_name_problem(name);
  if (problem != policy::NameProblem::kNone) return base::fail(Why::kInvalid, policy::reason_of(problem));
  if (m.catalogue.find_tool(server, name) != nullptr)
    return base::fail(
        Why::kConflict,
        "the server has a tool of this name: change that one with mcpbox_update_tool, or choose "
        "another name");
  return {};
}

loop::Task<protocol::Compiled> compile(Monitor& m, std::string source, wire::Id server) {
  const std::shared_ptr<const protocol::Compiled> compiled =
      co_await m.compiler.compile(std::move(source), server);
  if (compiled->report.valid &&
      !(base::is_utf8(compiled->report.input_schema) && base::is_utf8(compiled->report.parameters)))
    co_return base::fail(Why::kBroken, "the compile child answered with something that is not text");
  co_return *compiled;
}

p::ToolSaved saved(const Tool& tool, bool changed) {
  return {.id = tool.id,
          .name = std::string_view(tool.name),
          .version = tool.version,
          .approval = tool.approval,
          .changed = changed,
          .digest = digest_of_tool(tool),
          .report = {.valid = true, .has_main = true, .input_schema = std::string_view(tool.input_schema)}};
}

// contract: a changed draft stays draft, a changed rejected tool becomes draft, everything else waits for
// review.
p::Approval after_change(p::Approval before) {
  using enum p::Approval;
  return before == kDraft || before == kRejected ? kDraft : kPendingReview;
}

Statement version_row(const Tool& tool, const std::string& summary, const std::string& author) {
  return {.sql = &sql::kInsertVersion,
          .params = {Param::uuid(tool.id), Param::integer(tool.version), Param::text(tool.name),
                     Param::text(tool.description), Param::text(tool.code), Param::text(tool.input_schema),
                     Param::text(tool.parameters), Param::integer(tool.timeout_ms),
                     Param::boolean(tool.enabled), Param::digest(digest_of_tool(tool)), Param::text(summary),
                     Param::text("llm"), Param::text(author)}};
}

}  // namespace

Answer<p::ToolSaved> on_create_tool(Monitor& m, Peer& asker, p::CreateTool q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  if (m.catalogue.find_server(q.server) == nullptr)
    co_return base::fail(Why::kNotFound, "no server with this server_id: see mcpbox_list_servers");
  if (m.catalogue.tools_of(q.server) >= limits::kToolsPerServer)
    co_return base::fail(Why::kBusy, "the server has 500 tools already: create another server");
  base::Result<void> good = check_new_name(m, q.server, q.name);
  if (good) good = check_texts(&q.description, &q.code, &q.timeout_ms);
  if (!good) co_return std::unexpected(good.error());

  const protocol::Compiled compiled = co_await compile(m, q.code, q.server);
  if (!compiled.report.valid) co_return p::ToolSaved{.name = q.name, .report = compiled.report};
  Tool tool{.id = random_id(), .server = q.server, .name = q.name};
  tool.description = q.description;
  tool.code = q.code;
  tool.input_schema = compiled.report.input_schema;
  tool.parameters = compiled.report.parameters;
  tool.timeout_ms = q.timeout_ms;
  tool.created_by = caller->who;
  const wire::Digest digest = digest_of_tool(tool);
  AuditRecord record{.kind = AuditKind::kConfiguration,
                     .actor = caller->who,
                     .action = "create_tool",
                     .subject = tool.id,
                     .digest = digest,
                     .payload = tool.name};
  const Store::MakeRows rows = [&tool, digest](std::uint64_t /*sequence*/) {
    Statement insert{
        .sql = &sql::kInsertTool,
        .params = {Param::uuid(tool.id), Param::uuid(tool.server), Param::text(tool.name),
                   Param::text(tool.description), Param::text(tool.code), Param::text(tool.input_schema),
                   Param::text(tool.parameters), Param::integer(tool.timeout_ms),
                   Param::boolean(tool.enabled), Param::text(tool.created_by), Param::digest(digest)}};
    return std::vector<Statement>{std::move(insert), version_row(tool, "Initial version", tool.created_by)};
  };
  const std::uint64_t sequence = co_await m.store.commit(std::move(record), rows);
  static_cast<void>(sequence);
  p::ToolSaved answer = saved(tool, true);
  answer.report.parameters = compiled.report.parameters;
  answer.report.modules = compiled.report.modules;
  answer.report.analysis = compiled.report.analysis;
  m.catalogue.put(std::move(tool));
  co_return answer;
}

Answer<p::CodeReport> on_validate_code(Monitor& m, Peer& asker, p::ValidateCode q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  const base::Result<void> good = check_texts(nullptr, &q.code, nullptr);
  if (!good) co_return std::unexpected(good.error());
  constexpr wire::Id kNoServer{};
  const protocol::Compiled compiled = co_await compile(m, q.code, kNoServer);
  co_return compiled.report;
}

namespace {

// The tool as the request wants it; `compiled` when the code is new.
Tool changed_tool(const Tool& now, const p::UpdateTool& q,
                  const std::optional<protocol::Compiled>& compiled) {
  Tool next = now;
  if (q.name) next.name = *q.name;
  if (q.description) next.description = *q.description;
  if (q.timeout_ms) next.timeout_ms = *q.timeout_ms;
  if (q.enabled) next.enabled = *q.enabled;
  if (compiled) {
    next.code = *q.code;
    next.input_schema = compiled->report.input_schema;
    next.parameters = compiled->report.parameters;
  }
  return next;
}

std::string summary_of(const Tool& before, const Tool& after) {
  std::string summary;
  const auto add = [&summary](bool changed, const char* what) {
    if (changed) summary += (summary.empty() ? "Changed " : ", ") + std::string(what);
  };
  add(before.name != after.name, "name");
  add(before.description != after.description, "description");
  add(before.code != after.code, "code");
  add(before.timeout_ms != after.timeout_ms, "timeout");
  add(before.enabled != after.enabled, after.enabled ? "enabled (on)" : "enabled (off)");
  return summary;
}

base::Result<void> check_update(Monitor& m, const Tool* tool, const p::UpdateTool& q) {
  if (tool == nullptr) return base::fail(Why::kNotFound, "no tool with this tool_id: see mcpbox_list_tools");
  if (tool->saving)
    return base::fail(Why::kConflict,
                      "another change of this tool is being saved: read it again, then repeat yours");
  if (!q.name && !q.description && !q.code && !q.timeout_ms && !q.enabled)
    return base::fail(Why::kInvalid,
                      "nothing to change: give name, description, python_code, timeout_ms or enabled");
  if (q.name && *q.name != tool->name) {
    const base::Result<void> good = check_new_name(m, tool->server, *q.name);
    if (!good) return good;
  }
  return check_texts(q.description ? &*q.description : nullptr, q.code ? &*q.code : nullptr,
                     q.timeout_ms ? &*q.timeout_ms : nullptr);
}

}  // namespace

Answer<p::ToolSaved> on_update_tool(Monitor& m, Peer& asker, p::UpdateTool q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  base::Result<void> good = check_update(m, m.catalogue.find_tool(q.tool), q);
  if (!good) co_return std::unexpected(good.error());
  std::optional<protocol::Compiled> compiled;
  if (q.code) {
    compiled = co_await compile(m, *q.code, m.catalogue.find_tool(q.tool)->server);
    if (!compiled->report.valid) co_return p::ToolSaved{.id = q.tool, .report = compiled->report};
    good = check_update(m, m.catalogue.find_tool(q.tool), q);  // the world moved on while it compiled
    if (!good) co_return std::unexpected(good.error());
  }
  const Tool before = *m.catalogue.find_tool(q.tool);
  Tool next = changed_tool(before, q, compiled);
  const std::string summary = summary_of(before, next);
  if (summary.empty()) co_return saved(before, false);
  const bool same_digest = Keys::same(digest_of_tool(before), digest_of_tool(next));
  if (!same_digest) next.approval = after_change(before.approval);
  next.version = before.version + 1;
  const std::uint64_t sequence = co_await save_change(m, caller->who, before, next, summary);
  static_cast<void>(sequence);
  p::ToolSaved answer = saved(next, true);
  if (compiled) {
    answer.report.modules = compiled->report.modules;
    answer.report.analysis = compiled->report.analysis;
  }
  co_return answer;
}

// Writes the change; what takes authority away acts at once, what gives it when it is durable.
loop::Task<std::uint64_t> save_change(Monitor& m, std::string who, Tool before, Tool next,
                                      std::string summary) {
  const SavingMark mark(m.catalogue, next.id);
  const bool takes_away =
      before.enabled && (!next.enabled || !Keys::same(digest_of_tool(before), digest_of_tool(next)));
  const bool was_published = m.catalogue.published(*m.catalogue.find_tool(next.id));
  if (takes_away) {
    Tool* now = m.catalogue.find_tool(next.id);
    now->enabled = false;
    m.calls.kill_calls_of_tool(next.id);
  }
  AuditRecord record{.kind = AuditKind::kConfiguration,
                     .actor = who,
                     .action = "update_tool",
                     .subject = next.id,
                     .digest = digest_of_tool(next),
                     .payload = summary};
  const Store::MakeRows rows = [&next, &who, &summary](std::uint64_t /*sequence*/) {
    Statement update{
        .sql = &sql::kUpdateTool,
        .params = {Param::uuid(next.id), Param::integer(next.version), Param::text(next.name),
                   Param::text(next.description), Param::text(next.code), Param::text(next.input_schema),
                   Param::text(next.parameters), Param::integer(next.timeout_ms),
                   Param::boolean(next.enabled), Param::digest(digest_of_tool(next)),
                   Param::text(p::status_text(next.approval))}};
    return std::vector<Statement>{std::move(update), version_row(next, summary, who)};
  };
  base::Result<std::uint64_t> sequence = co_await loop::attempt(m.store.commit(std::move(record), rows));
  Tool* now = m.catalogue.find_tool(next.id);
  if (now == nullptr) co_return sequence;
  if (!sequence) {
    now->enabled = before.enabled;  // nothing was written: as it was
    co_return sequence;
  }
  *now = next;
  m.catalogue.changed(*now, before.name);
  const Server* server = m.catalogue.find_server(now->server);
  if (was_published || m.catalogue.published(*now)) m.tools_changed(server == nullptr ? "" : server->name);
  co_return sequence;
}

}  // namespace mcpbox::monitor
