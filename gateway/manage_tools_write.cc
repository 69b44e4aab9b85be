// Runs in the gateways.  Trusts nothing from clients beyond what problem_with() has checked; the monitor
// decides, and a jailed child reads the code.  Contract 2.2: create_tool, update_tool, delete_tool,
// validate_code, request_publish.
#include <array>
#include <span>

#include "gateway/manage.h"
#include "gateway/manage_content.h"
#include "policy/names.h"
#include "privsep/http/ids.h"

namespace mcpbox::gateway {
namespace {

std::string no_tool(const ManageCall& c) {
  return "Tool " + std::string(c.arguments.text("tool_id")) +
         " not found. Call mcpbox_list_tools with a server_id for the ids.";
}

// `next` begins with a blank: what to do after the reason.
Managed code_problem(const char* field, const protocol::CodeReport& report, std::string_view next) {
  const std::string where = report.line > 0 ? " (line " + std::to_string(report.line) + ")" : "";
  const std::string reason = sentence(report.problem);
  Managed made{.problem = "Invalid " + std::string(field) + where + ": " + reason + std::string(next)};
  made.field = field;
  made.rule = reason;
  return made;
}

// The monitor's refusal of content; of a name that is too long with its server's, it says no field.
Managed not_saved(const base::Error& error, const std::string& not_found) {
  Managed made = failed(error, not_found);
  if (made.problem == policy::reason_of(policy::NameProblem::kJoinedTooLong)) made.field = "name";
  return made;
}

constexpr const char* kNotSaved =
    " Nothing was saved. Correct it and call again; mcpbox_validate_code checks code without saving.";

// What the monitor passes on from the compile child, as JSON, or null when it is not.
void put_schema(Object& out, const protocol::CodeReport& report) {
  if (Json schema = parse_object(report.input_schema)) out.json("input_schema", std::move(schema));
}

// The analysis is the child's: embedded as far as it is JSON of the promised kinds.
void put_analysis(Object& out, const protocol::CodeReport& report, std::span<const char* const> lists) {
  const Json analysis = parse_object(report.analysis);
  for (const char* list : lists) {
    json_t* const found = json_object_get(analysis.get(), list);
    if (json_is_array(found)) out.json(list, Json(json_incref(found)));
  }
}

constexpr std::array kFindings{"findings"};
constexpr std::array kEverything{"findings", "secrets", "hosts", "modules"};

Managed saved(const protocol::ToolSaved& tool, const std::string& message) {
  Object out;
  out.boolean("success", true).text("id", text_of(tool.id)).text("name", tool.name);
  out.boolean("changed", tool.changed).boolean("enabled", tool.enabled);
  out.text("approval_status", protocol::status_text(tool.approval));
  out.number("current_version", tool.version);
  put_schema(out, tool.report);
  put_analysis(out, tool.report, kFindings);
  out.text("message", message);
  return {.structured = out.take()};
}

std::string after_update(const protocol::ToolSaved& tool) {
  if (!tool.changed) return "The tool had these values already: nothing was changed.";
  if (tool.approval == protocol::Approval::kPendingReview)
    return "Changed. A person must approve this version before the tool can be called again; tell the user. "
           "mcpbox_test_code tries it meanwhile.";
  if (tool.approval == protocol::Approval::kApproved)
    return std::string("Changed; the approval still holds.") +
           (tool.enabled ? "" : " It is out of service until mcpbox_update_tool with enabled=true.");
  return "Changed. Try it with mcpbox_test_code, then ask for approval with mcpbox_request_publish.";
}

}  // namespace

Task<Managed> on_create_tool(const ManageCall& c) {
  protocol::CreateTool order{.ticket = c.call.in.ticket, .server = c.arguments.id("server_id")};
  const protocol::FieldSet given = fill_content(order.content, c.arguments);
  static_cast<void>(given);
  if (const std::string problem = content_problem(c.arguments, order.content.kind); !problem.empty())
    co_return Managed{.problem = problem};
  const std::string header = co_await header_problem(c, order.content);
  if (!header.empty()) co_return Managed{.problem = header};
  const base::Result<protocol::ToolSaved> tool = co_await attempt(c.call.g.monitor->ask(order));
  if (!tool)
    co_return not_saved(tool.error(), "Server " + std::string(c.arguments.text("server_id")) +
                                          " not found. Call mcpbox_list_servers for the ids.");
  if (!tool->report.valid) co_return code_problem("python_code", tool->report, kNotSaved);
  co_return saved(*tool, "Tool " + tool->name +
                             " is saved as a draft. Try it with mcpbox_test_code, then ask for approval with "
                             "mcpbox_request_publish.");
}

Task<Managed> on_update_tool(const ManageCall& c) {
  protocol::UpdateTool order{.ticket = c.call.in.ticket, .tool = c.arguments.id("tool_id")};
  order.given = fill_content(order.content, c.arguments);
  if (c.arguments.has("enabled")) order.enabled = c.arguments.boolean("enabled");
  if (order.given == 0 && !order.enabled)
    co_return Managed{.problem =
                          "No fields to update: give enabled or at least one of " +
                          protocol::names_of(protocol::kEveryField & ~protocol::bit(protocol::Field::kKind)) +
                          ". mcpbox_get_tool shows what the tool has now"};
  if (const std::string problem = content_problem(c.arguments, std::nullopt); !problem.empty())
    co_return Managed{.problem = problem};
  const std::string header = co_await header_problem(c, order.content);
  if (!header.empty()) co_return Managed{.problem = header};
  const base::Result<protocol::ToolSaved> tool = co_await attempt(c.call.g.monitor->ask(order));
  if (!tool) co_return not_saved(tool.error(), no_tool(c));
  if (!tool->report.valid) co_return code_problem("python_code", tool->report, kNotSaved);
  co_return saved(*tool, after_update(*tool));
}

Task<Managed> on_delete_tool(const ManageCall& c) {
  protocol::DeleteTool order{.ticket = c.call.in.ticket, .tool = c.arguments.id("tool_id")};
  const base::Result<protocol::Done> gone = co_await attempt(c.call.g.monitor->ask(order));
  if (!gone) co_return failed(gone.error(), no_tool(c));
  Object out;
  out.boolean("success", true);
  out.text("message", "The tool is deleted, with its versions and approvals. This cannot be undone.");
  co_return Managed{.structured = out.take()};
}

Task<Managed> on_validate_code(const ManageCall& c) {
  protocol::ValidateCode question{.ticket = c.call.in.ticket};
  question.code = c.arguments.text("code");
  const base::Result<protocol::CodeReport> answer = co_await attempt(c.call.g.monitor->ask(question));
  if (!answer) co_return failed(answer.error());
  const protocol::CodeReport& report = *answer;
  Object out;
  out.boolean("valid", report.valid).boolean("has_main", report.has_main);
  Managed made;
  if (report.valid) {
    if (Json parameters = parse_value(report.parameters)) out.json("parameters", std::move(parameters));
    put_schema(out, report);
  } else {
    out.text("error", report.problem).number("line", report.line);
    made = code_problem("code", report, " Correct it and check it again.");
  }
  put_analysis(out, report, kEverything);
  made.structured = out.take();
  co_return made;
}

Task<Managed> on_request_publish(const ManageCall& c) {
  protocol::RequestPublish order{.ticket = c.call.in.ticket, .tool = c.arguments.id("tool_id")};
  order.notes = c.arguments.text("notes");
  const base::Result<protocol::ToolSaved> tool = co_await attempt(c.call.g.monitor->ask(order));
  if (!tool) co_return failed(tool.error(), no_tool(c));
  const bool approved = tool->approval == protocol::Approval::kApproved;
  Object out;
  out.boolean("success", true).text("tool_id", text_of(tool->id)).text("name", tool->name);
  out.text("status", protocol::status_text(tool->approval));
  out.text("message",
           approved ? "The tool is approved. If its server does not run, call mcpbox_start_server."
                    : "A person must approve the tool now (for example with `mcpboxctl approve`). Tell the "
                      "user, and look again with mcpbox_get_tool_status.");
  co_return Managed{.structured = out.take()};
}

}  // namespace mcpbox::gateway
