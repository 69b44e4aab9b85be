// Runs in the gateways.  Trusts nothing: names come from clients, schemas from children by way of rows.
// MCP server/tools, tools/list.
#include "gateway/cursor.h"
#include "gateway/methods.h"
#include "privsep/http/json_check.h"

namespace mcpbox::gateway {
namespace {

// A schema that is not what it should be must not take the whole list with it.
constexpr std::string_view kAnyObject = R"({"type":"object"})";

std::string entry(const protocol::PublishedTool& tool) {
  const std::string_view schema =
      check_json(tool.input_schema) == JsonKind::kObject ? std::string_view(tool.input_schema) : kAnyObject;
  return R"({"name":)" + quoted(tool.name) + R"(,"description":)" + quoted(tool.description) +
         R"(,"inputSchema":)" + std::string(schema) + "}";
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
