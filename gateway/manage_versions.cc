// Runs in the gateways.  Trusts nothing: versions hold what authors wrote, and are parsed before they are
// embedded. Contract 2.2: list_tool_versions, rollback_tool.
#include <array>

#include "gateway/manage.h"
#include "privsep/base/text_diff.h"
#include "privsep/http/ids.h"

namespace mcpbox::gateway {
namespace {

using protocol::Query;

constexpr std::array kJsonFields = {"input_schema", "output_schema", "annotations", "icons", "headers"};
constexpr std::array kCompared = {"kind",       "name",         "description",   "enabled",
                                  "timeout_ms", "input_schema", "output_schema", "annotations",
                                  "icons",      "headers",      "uri_template"};

std::string no_tool(const ManageCall& c) {
  return "Tool " + std::string(c.arguments.text("tool_id")) +
         " not found. Call mcpbox_list_tools with a server_id for the ids";
}

// JSON as JSON, and what is empty not at all.
void open_up(json_t* version) {
  for (const char* name : kJsonFields) {
    if (Json value = parse_value(text_of(json_object_get(version, name))))
      json_object_set_new(version, name, value.release());
    else
      json_object_del(version, name);
  }
}

Task<Managed> version_of(const ManageCall& c, std::uint32_t number) {
  protocol::Read question{
      .ticket = c.call.in.ticket, .query = Query::kGetVersion, .subject = c.arguments.id("tool_id")};
  question.number = number;
  const base::Result<protocol::JsonText> text = co_await attempt(c.call.g.monitor->ask(question));
  if (!text)
    co_return failed(text.error(),
                     "The tool has no version " + std::to_string(number) +
                         ". Call mcpbox_list_tool_versions with the tool_id alone for the versions");
  Managed made{.structured = parse_object(text->json)};
  if (!made.structured) made = not_json();
  co_return made;
}

// {from, to, fields: {name: {from, to}}, code_diff}
Json compared(const json_t* from, const json_t* to) {
  Object fields;
  for (const char* name : kCompared) {
    json_t* const before = json_object_get(from, name);
    json_t* const after = json_object_get(to, name);
    if (before == after || json_equal(before, after) != 0) continue;
    const auto shown = [](json_t* value) {
      return Json(value == nullptr ? json_null() : json_incref(value));
    };
    Object change;
    change.json("from", shown(before)).json("to", shown(after));
    fields.json(name, change.take());
  }
  Object out;
  out.number("from", json_integer_value(json_object_get(from, "version")));
  out.number("to", json_integer_value(json_object_get(to, "version")));
  out.json("fields", fields.take());
  out.text("code_diff", base::unified_diff(text_of(json_object_get(from, "python_code")),
                                           text_of(json_object_get(to, "python_code"))));
  return out.take();
}

std::string after_rollback(const protocol::ToolSaved& tool) {
  if (tool.approval != protocol::Approval::kApproved)
    return "A person must approve it before it can be called; mcpbox_get_tool_status tells whether "
           "mcpbox_request_publish is needed.";
  if (!tool.enabled)
    return "That was approved before, but it was disabled: mcpbox_update_tool with enabled=true puts it into "
           "service.";
  return "That was approved before, so it can be called while its server runs.";
}

}  // namespace

Task<Managed> on_list_tool_versions(const ManageCall& c) {
  protocol::Read question{
      .ticket = c.call.in.ticket, .query = Query::kListVersions, .subject = c.arguments.id("tool_id")};
  question.page = c.arguments.number("page", 1);
  question.page_size = c.arguments.number("page_size", policy::limits::kPageDefault);
  const base::Result<protocol::JsonText> list = co_await attempt(c.call.g.monitor->ask(question));
  if (!list) co_return failed(list.error(), no_tool(c));
  Managed made{.structured = parse_object(list->json)};
  if (!made.structured) co_return not_json();
  if (!c.arguments.has("version")) {
    if (c.arguments.has("compare_to"))
      made.problem = "compare_to needs version: give both. The versions are in the list without either";
    co_return made;
  }
  Managed version = co_await version_of(c, c.arguments.number("version", 0));
  if (!version.problem.empty()) co_return version;
  if (c.arguments.has("compare_to")) {
    Managed other = co_await version_of(c, c.arguments.number("compare_to", 0));
    if (!other.problem.empty()) co_return other;
    json_object_set_new(made.structured.get(), "comparison",
                        compared(other.structured.get(), version.structured.get()).release());
  }
  open_up(version.structured.get());
  json_object_set_new(made.structured.get(), "content", version.structured.release());
  co_return made;
}

Task<Managed> on_rollback_tool(const ManageCall& c) {
  protocol::RollbackTool order{.ticket = c.call.in.ticket,
                               .tool = c.arguments.id("tool_id"),
                               .version = c.arguments.number("version", 0)};
  const base::Result<protocol::ToolSaved> tool = co_await attempt(c.call.g.monitor->ask(order));
  if (!tool) co_return failed(tool.error(), no_tool(c));
  Object out;
  out.boolean("success", true).text("tool_id", text_of(tool->id)).text("name", tool->name);
  out.number("current_version", tool->version).text("approval_status", protocol::status_text(tool->approval));
  out.boolean("enabled", tool->enabled);
  out.text("message", "The tool is as it was in version " + std::to_string(order.version) + ", as version " +
                          std::to_string(tool->version) + ". " + after_rollback(*tool));
  co_return Managed{.structured = out.take()};
}

}  // namespace mcpbox::gateway
