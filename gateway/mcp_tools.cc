// Runs in the gateways.  Trusts nothing: names come from clients, schemas from children by way of rows.
// MCP server/tools, tools/list.
#include "gateway/cursor.h"
#include "gateway/methods.h"
#include "privsep/http/json_check.h"

namespace mcpbox::gateway {
namespace {

// A schema that is not what it should be must not take the whole list with it.
constexpr std::string_view kAnyObject = R"({"type":"object"})";

bool is(std::string_view json, JsonKind kind) { return check_json(json) == kind; }

std::string entry(const protocol::PublishedTool& tool) {
  std::string out = R"({"name":)" + quoted(tool.name);
  const Json annotations = parse_object(tool.annotations);
  if (const json_t* title = json_object_get(annotations.get(), "title"); json_is_string(title))
    out += R"(,"title":)" + quoted(text_of(title));
  out += R"(,"description":)" + quoted(tool.description) + R"(,"inputSchema":)" + input_schema(tool);
  if (is(tool.output_schema, JsonKind::kObject)) out += R"(,"outputSchema":)" + tool.output_schema;
  if (annotations) out += R"(,"annotations":)" + compact(annotations.get());
  if (is(tool.icons, JsonKind::kArray)) out += R"(,"icons":)" + tool.icons;
  return out + "}";
}

std::string list_text(const MethodCall& call, const protocol::ToolPage& page) {
  std::string tools;
  for (const protocol::PublishedTool& tool : page.tools) tools += (tools.empty() ? "" : ",") + entry(tool);
  const bool last = !page.more || page.tools.empty();
  if (last && call.in.server.empty()) tools += (tools.empty() ? "" : ",") + call.g.management;
  std::string out = R"({"tools":[)" + tools + "]";
  if (!last) out += R"(,"nextCursor":)" + quoted(cursor_after(page.tools.back().name));
  return out + "}";
}

}  // namespace

std::string input_schema(const protocol::PublishedTool& tool) {
  if (!is(tool.input_schema, JsonKind::kObject)) return std::string(kAnyObject);
  const Json headers = parse_object(tool.headers);
  const Json schema = headers ? parse_object(tool.input_schema) : Json();
  if (!schema) return tool.input_schema;
  json_t* const properties = json_object_get(schema.get(), "properties");
  const char* argument = nullptr;
  json_t* header = nullptr;
  json_object_foreach(headers.get(), argument, header) {
    json_t* const property = json_object_get(properties, argument);
    if (json_is_object(property)) json_object_set(property, "x-mcp-header", header);
  }
  return compact(schema.get());
}

Task<RpcReply> list_tools(const MethodCall& call) {
  const json_t* cursor = call.message.param("cursor");
  const std::optional<std::string> after =
      cursor == nullptr || json_is_string(cursor) ? name_in_cursor(text_of(cursor)) : std::nullopt;
  if (!after)
    co_return RpcReply(std::unexpected(
        rpc_error(call, kInvalidParams,
                  "Invalid cursor: use a nextCursor from a tools/list answer, or leave it out.")));
  protocol::ListPublished question{.ticket = call.in.ticket, .server = call.in.server, .after = *after};
  const base::Result<protocol::ToolPage> page = co_await attempt(call.g.monitor->ask(question));
  if (page) co_return RpcReply(list_text(call, *page));
  if (page.error().why != base::Why::kNotFound) co_return std::unexpected(page.error());
  co_return RpcReply(std::unexpected(
      rpc_error(call, kInvalidParams,
                "No server \"" + call.in.server +
                    "\" is running. Its name stands in the URL; "
                    "mcpbox_list_servers on /mcp shows the servers, mcpbox_start_server starts one.")));
}

}  // namespace mcpbox::gateway
