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
  const char* subject;    // the argument that names what it is about, or null
  const char* kind;       // "Server", "Tool"
  const char* size_name;  // the argument with the size of a page
  std::uint32_t size;     // when it is not given
  const char* look_at;    // where ids come from
};

Task<Json> read(const ManageCall& c, const Question& q, std::string& problem) {
  protocol::Read question{.ticket = c.call.in.ticket, .query = q.query};
  if (q.subject != nullptr) question.subject = c.arguments.id(q.subject);
  question.page = c.arguments.number("page", 1);
  question.page_size = c.arguments.number(q.size_name, q.size);
  const base::Result<protocol::JsonText> text = co_await attempt(c.call.g.monitor->ask(question));
  if (!text) {
    const std::string id(q.subject == nullptr ? "" : c.arguments.text(q.subject));
    problem = failed(text.error(),
                     std::string(q.kind) + " " + id + " not found. Call " + q.look_at + " for the ids")
                  .problem;
    co_return Json();
  }
  Json object = parse_object(text->json);
  if (!object) problem = "What is stored cannot be shown: it is not valid JSON. Tell the administrator";
  co_return object;
}

Task<Managed> shown(const ManageCall& c, const Question& q) {
  Managed made;
  made.structured = co_await read(c, q, made.problem);
  co_return made;
}

constexpr Question kServers{
    Query::kListServers, nullptr, "Server", "page_size", policy::limits::kPageDefault, "mcpbox_list_servers"};
constexpr Question kServer{
    Query::kGetServer,    "server_id", "Server", "page_size", policy::limits::kPageDefault,
    "mcpbox_list_servers"};
constexpr Question kTools{
    Query::kListTools,    "server_id", "Server", "page_size", policy::limits::kPageDefault,
    "mcpbox_list_servers"};
constexpr Question kTool{Query::kGetTool,    "tool_id", "Tool", "page_size", policy::limits::kPageDefault,
                         "mcpbox_list_tools"};
constexpr Question kStatus{Query::kGetToolStatus,        "tool_id",          "Tool", "page_size",
                           policy::limits::kPageDefault, "mcpbox_list_tools"};
constexpr Question kLogs{Query::kGetToolLogs, "tool_id", "Tool", "limit", kLogsDefault, "mcpbox_list_tools"};

}  // namespace

Task<Managed> on_list_servers(const ManageCall& c) { return shown(c, kServers); }
Task<Managed> on_list_tools(const ManageCall& c) { return shown(c, kTools); }
Task<Managed> on_get_tool_logs(const ManageCall& c) { return shown(c, kLogs); }

Task<Managed> on_get_server(const ManageCall& c) {
  Managed made;
  made.structured = co_await read(c, kServer, made.problem);
  if (made.problem.empty()) made.problem = co_await put_server_grants(c, made.structured.get());
  co_return made;
}

Task<Managed> on_get_tool_status(const ManageCall& c) {
  Managed made;
  made.structured = co_await read(c, kStatus, made.problem);
  if (made.problem.empty()) made.problem = co_await put_tool_grants(c, made.structured.get());
  co_return made;
}

// JSON is kept byte for byte as text, because the approval binds those bytes.
Task<Managed> on_get_tool(const ManageCall& c) {
  Managed made;
  made.structured = co_await read(c, kTool, made.problem);
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
