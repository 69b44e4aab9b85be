// Runs in the gateways.  Trusts nothing: the database's JSON holds what authors wrote, and is parsed before
// it is embedded.  Contract 2.2: list_servers, get_server, list_tools, get_tool, get_tool_status,
// get_tool_logs.
#include "gateway/manage.h"

#include "gateway/manage_grants.h"

namespace mcpbox::gateway {
namespace {

using protocol::Query;

constexpr std::uint32_t kLogsDefault = 10;

struct Question {
  Query query;
  const char* subject;  // the argument that names what it is about, or null
  const char* kind;     // "Server", "Tool"
  std::uint32_t size;   // of a page, when it is not given
  const char* look_at;  // where ids come from
};

Task<Managed> read(const ManageCall& c, const Question& q) {
  protocol::Read question{.ticket = c.call.in.ticket, .query = q.query};
  if (q.subject != nullptr) question.subject = c.arguments.id(q.subject);
  question.page = c.arguments.number("page", 1);
  question.page_size = c.arguments.number("page_size", c.arguments.number("limit", q.size));
  const base::Result<protocol::JsonText> text = co_await attempt(c.call.g.monitor->ask(question));
  if (!text) {
    const std::string id(q.subject == nullptr ? "" : c.arguments.text(q.subject));
    co_return failed(text.error(),
                     std::string(q.kind) + " " + id + " not found. Call " + q.look_at + " for the ids");
  }
  Managed made{.structured = parse_object(text->json)};
  if (!made.structured) made = not_json();
  co_return made;
}

// A list with nothing in it says what makes the first entry.
Task<Managed> listed(const ManageCall& c, const Question& q, const char* when_empty) {
  Managed made = co_await read(c, q);
  if (made.problem.empty() && json_integer_value(json_object_get(made.structured.get(), "total")) == 0)
    json_object_set_new(made.structured.get(), "message", json_string(when_empty));
  co_return made;
}

// What the state of a tool asks for.
const char* advice_for(std::string_view status) {
  if (status == "approved")
    return "The tool is approved. mcpbox_start_server puts it into service if its server does not run; "
           "then call it by its name, or with mcpbox_call_tool.";
  if (status == "pending_review")
    return "A person decides, for example with `mcpboxctl approve`: tell the user, and look again with "
           "mcpbox_get_tool_status.";
  if (status == "rejected")
    return "A person sent it back: read rejection_reason, change the tool with mcpbox_update_tool, and ask "
           "again with mcpbox_request_publish.";
  return "A draft: try it with mcpbox_test_code, then ask for approval with mcpbox_request_publish.";
}

constexpr std::uint32_t kDefault = policy::limits::kPageDefault;
constexpr Question kServers{Query::kListServers, nullptr, "Server", kDefault, "mcpbox_list_servers"};
constexpr Question kServer{Query::kGetServer, "server_id", "Server", kDefault, "mcpbox_list_servers"};
constexpr Question kTools{Query::kListTools, "server_id", "Server", kDefault, "mcpbox_list_servers"};
constexpr Question kTool{Query::kGetTool, "tool_id", "Tool", kDefault, "mcpbox_list_tools"};
constexpr Question kStatus{Query::kGetToolStatus, "tool_id", "Tool", kDefault, "mcpbox_list_tools"};
constexpr Question kLogs{Query::kGetToolLogs, "tool_id", "Tool", kLogsDefault, "mcpbox_list_tools"};

}  // namespace

Task<Managed> on_list_servers(const ManageCall& c) {
  return listed(c, kServers, "There is no server yet: make one with mcpbox_create_server.");
}
Task<Managed> on_list_tools(const ManageCall& c) {
  return listed(c, kTools, "The server has no tool yet: write one with mcpbox_create_tool.");
}
Task<Managed> on_get_tool_logs(const ManageCall& c) { return read(c, kLogs); }

Task<Managed> on_get_server(const ManageCall& c) {
  Managed made = co_await read(c, kServer);
  if (made.problem.empty()) made.problem = co_await put_server_grants(c, made.structured.get());
  co_return made;
}

Task<Managed> on_get_tool_status(const ManageCall& c) {
  Managed made = co_await read(c, kStatus);
  if (made.problem.empty()) made.problem = co_await put_tool_grants(c, made.structured.get());
  if (made.problem.empty())
    json_object_set_new(
        made.structured.get(), "message",
        json_string(advice_for(text_of(json_object_get(made.structured.get(), "approval_status")))));
  co_return made;
}

// JSON is kept byte for byte as text, because the approval binds those bytes.
Task<Managed> on_get_tool(const ManageCall& c) {
  Managed made = co_await read(c, kTool);
  json_t* object = made.structured.get();
  for (const char* name : {"input_schema", "output_schema", "annotations", "icons", "headers"}) {
    if (object == nullptr) break;
    if (Json value = parse_value(text_of(json_object_get(object, name))))
      json_object_set_new(object, name, value.release());
    else
      json_object_del(object, name);
  }
  if (text_of(json_object_get(object, "uri_template")).empty()) json_object_del(object, "uri_template");
  co_return made;
}

}  // namespace mcpbox::gateway
