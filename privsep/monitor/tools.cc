// Runs in the monitor: what a tool's author may set, and saving it.  The JSON among it is opaque here.
#include "privsep/monitor/tools.h"

#include <charconv>

#include "policy/names.h"
#include "privsep/monitor/monitor.h"
#include "privsep/monitor/sql.h"

namespace mcpbox::monitor {

using base::Why;
using protocol::Kind;
namespace limits = policy::limits;

namespace {

p::Kind kind_of(std::string_view word) {
  for (const p::Kind kind : {Kind::kPrompt, Kind::kResource, Kind::kResourceTemplate})
    if (kind_text(kind) == word) return kind;
  return Kind::kTool;
}

std::size_t characters(std::string_view utf8) {
  std::size_t count = 0;
  for (const char c : utf8) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
  return count;
}

// What goes with which kind.
base::Result<void> check_kind(const Tool& tool) {
  const bool resource = tool.kind == Kind::kResource || tool.kind == Kind::kResourceTemplate;
  if (!resource && !tool.uri_template.empty())
    return base::fail(Why::kInvalid,
                      "uri_template is for the kinds resource and resource_template: leave it out");
  if (resource && tool.uri_template.empty())
    return base::fail(Why::kInvalid,
                      "uri_template is missing: a resource needs its URI, for example notes://today");
  const bool open = tool.uri_template.find('{') != std::string::npos;
  if (tool.kind == Kind::kResource && open)
    return base::fail(Why::kInvalid,
                      "uri_template of a resource has no {parts}: use the kind resource_template");
  if (tool.kind == Kind::kResourceTemplate && !open)
    return base::fail(Why::kInvalid,
                      "uri_template of a resource_template needs a {part}, such as notes://{day}");
  if (tool.kind != Kind::kTool && !(tool.output_schema.empty() && tool.headers.empty()))
    return base::fail(Why::kInvalid, "output_schema and headers are for the kind tool only: leave them out");
  if (resource && tool.own_input_schema)
    return base::fail(Why::kInvalid, "input_schema is for the kinds tool and prompt only: leave it out");
  return {};
}

}  // namespace

base::Result<void> check_new_name(Monitor& m, const wire::Id& server, const std::string& name) {
  policy::NameProblem problem = policy::tool_name_problem(name);
  if (const Server* owner = m.catalogue.find_server(server);
      owner != nullptr && problem == policy::NameProblem::kNone)
    problem = policy::joined_name_problem(owner->name, name);
  if (problem != policy::NameProblem::kNone) return base::fail(Why::kInvalid, policy::reason_of(problem));
  if (m.catalogue.find_tool(server, name) != nullptr)
    return base::fail(
        Why::kConflict,
        "the server has a tool of this name: change that one with mcpbox_update_tool, or choose "
        "another name");
  return {};
}

p::ToolSaved saved(const Tool& tool, bool changed) {
  return {.id = tool.id,
          .name = std::string_view(tool.name),
          .version = tool.version,
          .approval = tool.approval,
          .changed = changed,
          .enabled = tool.enabled,
          .digest = digest_of_tool(tool),
          .report = {.valid = true,
                     .has_main = true,
                     .input_schema = std::string_view(tool.input_schema),
                     .output_schema = std::string_view(tool.output_schema)}};
}

Statement state_row(const wire::Id& tool, p::Approval state, const Param& who, const Param& reason,
                    const Param& notes) {
  return {.sql = &sql::kSetApprovalState,
          .params = {Param::uuid(tool), Param::text(p::status_text(state)), who, reason, notes}};
}

base::Result<void> check_content(const Tool& tool) {
  if (characters(tool.description) > limits::kDescriptionChars)
    return base::fail(Why::kInvalid, "description has more than 2000 characters: shorten it");
  if (tool.code.empty())
    return base::fail(Why::kInvalid, "python_code is empty: give the source with an `async def main(...)`");
  if (characters(tool.code) > limits::kCodeChars)
    return base::fail(Why::kInvalid, "python_code has more than 100000 characters: shorten it");
  const bool inherits = tool.timeout_ms == 0;
  if (!inherits && (tool.timeout_ms < limits::kTimeoutMinMs || tool.timeout_ms > limits::kTimeoutMaxMs))
    return base::fail(Why::kInvalid, "timeout_ms is 1000 to 300000");
  return check_kind(tool);
}

p::Compile source_of(const Tool& tool) {
  p::Compile order{.source = tool.code};
  if (tool.own_input_schema) order.input_schema = tool.input_schema;
  if (tool.own_output_schema) order.output_schema = tool.output_schema;
  return order;
}

std::vector<Param> content_params(const Tool& tool) {
  return {Param::text(kind_text(tool.kind)),     Param::text(tool.name),
          Param::text(tool.description),         Param::text(tool.code),
          Param::text(tool.input_schema),        Param::text(tool.output_schema),
          Param::text(tool.annotations),         Param::text(tool.icons),
          Param::text(tool.uri_template),        Param::text(tool.headers),
          Param::integer(tool.timeout_ms),       Param::text(tool.parameters),
          Param::boolean(tool.own_input_schema), Param::boolean(tool.own_output_schema),
          Param::boolean(tool.enabled),          Param::digest(digest_of_tool(tool))};
}

void take_content(Tool& into, const std::vector<std::optional<std::string>>& row, std::size_t first) {
  const auto text = [&](std::size_t column) { return row.at(first + column).value_or(""); };
  into.kind = kind_of(text(0));
  into.name = text(1);
  into.description = text(2);
  into.code = text(3);
  into.input_schema = text(4);
  into.output_schema = text(5);
  into.annotations = text(6);
  into.icons = text(7);
  into.uri_template = text(8);
  into.headers = text(9);
  const std::string milliseconds = text(10);
  into.timeout_ms = 0;
  std::from_chars(milliseconds.data(), milliseconds.data() + milliseconds.size(), into.timeout_ms);
  into.parameters = text(11);
  into.own_input_schema = text(12) == "t";
  into.own_output_schema = text(13) == "t";
  into.enabled = text(14) == "t";
}

std::string_view name_of(Source source) {
  switch (source) {
    case Source::kLlm:
      return "llm";
    case Source::kManual:
      return "manual";
    case Source::kRollback:
      return "rollback";
  }
  return "";
}

Source source_of_change(const Peer& asker) {
  const bool person = asker.role == protocol::Role::kAdmin || asker.role == protocol::Role::kCtl;
  return person ? Source::kManual : Source::kLlm;
}

Statement version_row(const Tool& tool, const std::string& summary, Source source,
                      const std::string& author) {
  Statement row{.sql = &sql::kInsertVersion,
                .params = {Param::uuid(tool.id), Param::integer(tool.version), Param::text(summary),
                           Param::text(name_of(source)), Param::text(author)}};
  for (Param& param : content_params(tool)) row.params.push_back(std::move(param));
  return row;
}

// Writes the change; what takes authority away acts at once, what gives it when it is durable.
loop::Task<std::uint64_t> save_change(Monitor& m, std::string who, Tool before, Tool next,
                                      std::string summary, Source source) {
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
                     .action = source == Source::kRollback ? "rollback_tool" : "update_tool",
                     .subject = next.id,
                     .digest = digest_of_tool(next),
                     .payload = summary};
  // A rollback to what was approved: by whom, the row says again.
  const auto restored = next.approved.find(digest_of_tool(next));
  const bool restores = next.approval == p::Approval::kApproved && restored != next.approved.end() &&
                        !Keys::same(digest_of_tool(before), digest_of_tool(next));
  const Param approver = restores ? Param::text(restored->second.by) : Param::null();
  const Store::MakeRows rows = [&, source](std::uint64_t /*sequence*/) {
    Statement update{.sql = &sql::kUpdateTool,
                     .params = {Param::uuid(next.id), Param::integer(next.version),
                                Param::text(p::status_text(next.approval))}};
    for (Param& param : content_params(next)) update.params.push_back(std::move(param));
    std::vector<Statement> all{std::move(update), version_row(next, summary, source, who)};
    if (restores) all.push_back(state_row(next.id, next.approval, approver, Param::null(), Param::null()));
    return all;
  };
  base::Result<std::uint64_t> sequence = co_await loop::attempt(m.store.commit(std::move(record), rows));
  Tool* now = m.catalogue.find_tool(next.id);
  if (now == nullptr) co_return sequence;
  if (!sequence) {
    now->enabled = before.enabled;  // nothing was written: as it was
    co_return sequence;
  }
  next.approved = now->approved;  // what was revoked meanwhile stays so
  *now = next;
  m.catalogue.changed(*now, before.name);
  const Server* server = m.catalogue.find_server(now->server);
  if (was_published || m.catalogue.published(*now))
    m.tools_changed(server == nullptr ? "" : server->name, p::list_of(before.kind) | p::list_of(now->kind));
  co_return sequence;
}

}  // namespace mcpbox::monitor
