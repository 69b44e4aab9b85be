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

loop::Task<protocol::Compiled> compile(Monitor& m, protocol::Compile order, wire::Id server) {
  const std::shared_ptr<const protocol::Compiled> compiled =
      co_await m.compiler.compile(std::move(order), server);
  const p::CodeReport& report = compiled->report;
  const bool texts = base::is_utf8(report.input_schema) && base::is_utf8(report.output_schema) &&
                     base::is_utf8(report.parameters);
  if (report.valid && !texts)
    co_return base::fail(Why::kBroken, "the compile child answered with something that is not text");
  co_return *compiled;
}

// What the source says, where the author did not say it beside the source.
void take_report(Tool& tool, const p::CodeReport& report) {
  if (!tool.own_input_schema) tool.input_schema = std::string_view(report.input_schema);
  if (!tool.own_output_schema) tool.output_schema = std::string_view(report.output_schema);
  tool.parameters = report.parameters;
}

base::Result<void> check_create(Monitor& m, const Tool& tool) {
  if (m.catalogue.find_server(tool.server) == nullptr)
    return base::fail(Why::kNotFound, "no server with this server_id: see mcpbox_list_servers");
  if (m.catalogue.tools_of(tool.server) >= limits::kToolsPerServer)
    return base::fail(
        Why::kBusy,
        "the server with this server_id has 500 tools already: make another with mcpbox_create_server");
  const base::Result<void> good = check_new_name(m, tool.server, tool.name);
  return good ? check_content(tool) : good;
}

Statement tool_row(const Tool& tool) {
  Statement row{.sql = &sql::kInsertTool,
                .params = {Param::uuid(tool.id), Param::uuid(tool.server), Param::text(tool.created_by)}};
  for (Param& param : content_params(tool)) row.params.push_back(std::move(param));
  return row;
}

}  // namespace

Answer<p::ToolSaved> on_create_tool(Monitor& m, Peer& asker, p::CreateTool q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  Tool tool{std::move(q.content)};
  tool.id = random_id();
  tool.server = q.server;
  tool.own_input_schema = !tool.input_schema.empty();
  tool.own_output_schema = !tool.output_schema.empty();
  tool.created_by = caller->who;
  base::Result<void> good = check_create(m, tool);
  if (!good) co_return std::unexpected(good.error());
  p::Compile source = source_of(tool);
  const protocol::Compiled compiled = co_await compile(m, std::move(source), q.server);
  if (!compiled.report.valid) co_return p::ToolSaved{.name = tool.name, .report = compiled.report};
  take_report(tool, compiled.report);
  good = check_create(m, tool);  // the world moved on while it compiled
  if (!good) co_return std::unexpected(good.error());
  AuditRecord record{.kind = AuditKind::kConfiguration,
                     .actor = caller->who,
                     .action = "create_tool",
                     .subject = tool.id,
                     .digest = digest_of_tool(tool),
                     .payload = tool.name};
  const Store::MakeRows rows = [&tool, source = source_of_change(asker)](std::uint64_t /*sequence*/) {
    return std::vector<Statement>{tool_row(tool),
                                  version_row(tool, "Initial version", source, tool.created_by)};
  };
  const std::uint64_t sequence = co_await m.store.commit(std::move(record), rows);
  static_cast<void>(sequence);
  if (m.catalogue.find_server(tool.server) == nullptr)
    co_return base::fail(Why::kNotFound, "the server was deleted meanwhile: see mcpbox_list_servers");
  p::ToolSaved answer = saved(tool, true);
  answer.report = compiled.report;
  m.catalogue.put(std::move(tool));
  co_return answer;
}

Answer<p::CodeReport> on_validate_code(Monitor& m, Peer& asker, p::ValidateCode q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  Tool tool;
  tool.code = std::move(q.code);
  const base::Result<void> good = check_content(tool);
  if (!good) co_return std::unexpected(good.error());
  constexpr wire::Id kNoServer{};
  p::Compile source = source_of(tool);
  const protocol::Compiled compiled = co_await compile(m, std::move(source), kNoServer);
  co_return compiled.report;
}

namespace {

constexpr p::FieldSet kCompiled =
    p::bit(p::Field::kCode) | p::bit(p::Field::kInputSchema) | p::bit(p::Field::kOutputSchema);

// The tool as the request wants it.
Tool changed_tool(const Tool& now, const p::UpdateTool& q) {
  Tool next = now;
  take_fields(next, q.content, q.given);
  if ((q.given & p::bit(p::Field::kInputSchema)) != 0) next.own_input_schema = !next.input_schema.empty();
  if ((q.given & p::bit(p::Field::kOutputSchema)) != 0) next.own_output_schema = !next.output_schema.empty();
  if (q.enabled) next.enabled = *q.enabled;
  return next;
}

std::string summary_of(const Tool& before, const Tool& after) {
  const std::string fields = p::names_of(differences(before, after));
  std::string summary = fields.empty() ? "" : "Changed " + fields;
  if (before.enabled != after.enabled)
    summary += std::string(fields.empty() ? "" : "; ") + (after.enabled ? "enabled" : "disabled");
  if (summary.empty() && (before.own_input_schema != after.own_input_schema ||
                          before.own_output_schema != after.own_output_schema))
    summary = "Changed where the schemas come from";
  return summary;
}

base::Result<void> check_update(Monitor& m, const Tool* tool, const p::UpdateTool& q) {
  if (tool == nullptr) return base::fail(Why::kNotFound, "no tool with this tool_id: see mcpbox_list_tools");
  if (tool->saving) return std::unexpected(kSaving);
  if (q.given == 0 && !q.enabled)
    return base::fail(Why::kInvalid,
                      "nothing to change: give at least one field; mcpbox_get_tool shows them");
  if ((q.given & ~p::kEveryField) != 0 || (q.given & p::bit(p::Field::kKind)) != 0)
    return base::fail(Why::kInvalid, "kind cannot be changed: create another tool with mcpbox_create_tool");
  const Tool next = changed_tool(*tool, q);
  if (next.name != tool->name) {
    const base::Result<void> good = check_new_name(m, tool->server, next.name);
    if (!good) return good;
  }
  return check_content(next);
}

}  // namespace

Answer<p::ToolSaved> on_update_tool(Monitor& m, Peer& asker, p::UpdateTool q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  base::Result<void> good = check_update(m, m.catalogue.find_tool(q.tool), q);
  if (!good) co_return std::unexpected(good.error());
  Tool before = *m.catalogue.find_tool(q.tool);
  Tool next = changed_tool(before, q);
  p::CodeReport report{.valid = true, .has_main = true};
  if ((q.given & kCompiled) != 0) {
    p::Compile source = source_of(next);
    const protocol::Compiled compiled = co_await compile(m, std::move(source), before.server);
    if (!compiled.report.valid) co_return p::ToolSaved{.id = q.tool, .report = compiled.report};
    report = compiled.report;
    good = check_update(m, m.catalogue.find_tool(q.tool), q);  // the world moved on while it compiled
    if (!good) co_return std::unexpected(good.error());
    if (m.catalogue.find_tool(q.tool)->version != before.version)
      co_return base::fail(Why::kConflict,
                           "the tool was changed meanwhile: read it with mcpbox_get_tool, then repeat yours");
    before = *m.catalogue.find_tool(q.tool);  // decisions make no version: go on from the state of now
    next = changed_tool(before, q);
    take_report(next, report);
  }
  const std::string summary = summary_of(before, next);
  if (summary.empty()) co_return saved(before, false);
  const bool same_digest = Keys::same(digest_of_tool(before), digest_of_tool(next));
  if (!same_digest) next.approval = *policy::transition(state_of(before), policy::Step::kChange).to;
  next.version = before.version + 1;
  const std::uint64_t sequence =
      co_await save_change(m, caller->who, before, next, summary, source_of_change(asker));
  static_cast<void>(sequence);
  p::ToolSaved answer = saved(next, true);
  report.input_schema = std::string_view(next.input_schema);
  report.output_schema = std::string_view(next.output_schema);
  answer.report = report;
  co_return answer;
}

}  // namespace mcpbox::monitor
