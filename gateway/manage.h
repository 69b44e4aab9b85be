// The management tools: what a language model does to write, try, publish and look after tools.
#pragma once

#include <span>
#include <string_view>

#include "gateway/gateway.h"
#include "gateway/manage_arguments.h"

namespace mcpbox::gateway {

inline constexpr std::string_view kManagePrefix = "mcpbox_";

// What a handler made: a result object, or a problem in words (then `structured` may be there as well).
struct Managed {
  Json structured;
  std::string problem;                  // empty: success; else told as "Error: <problem>" with isError
  base::Why why = base::Why::kInvalid;  // of the problem
  std::string field, rule;              // of the problem, where its words do not begin with them
  std::string result;  // not empty: a whole CallToolResult that somebody else made, passed on as it is
};

struct ManageCall {
  const MethodCall& call;
  Arguments arguments;  // checked against the tool's row
  bool& withdrawn;
};

enum Hint : unsigned { kReadOnly = 1, kDestructive = 2, kIdempotent = 4, kOpenWorld = 8 };

struct ManageTool {
  const char* name;
  const char* title;
  const char* description;
  std::span<const Argument> arguments;
  const char* output;  // members of the output schema's `properties`, JSON with the words of manage_shapes.h
  const char* required;  // its `required`, JSON array
  unsigned hints;
  Task<Managed> (*handler)(const ManageCall& c);
};

// In the order in which they are listed.
[[nodiscard]] std::span<const ManageTool> manage_tools();
[[nodiscard]] const ManageTool* find_manage_tool(std::string_view name);

// Every tool as tools/list shows it: objects joined by commas.
[[nodiscard]] std::string manage_listing();

// A CallToolResult for mcpbox_NAME.
Task<RpcReply> call_management(const MethodCall& call, std::string name, const json_t* arguments,
                               bool& withdrawn);

// The result object as text and structuredContent, or the problem, with `details` (JSON) as `_meta.error`.
[[nodiscard]] std::string managed_result(const Managed& made, std::string_view details = "");
// For what the database holds and nobody can read.
[[nodiscard]] Managed not_json();

// The handlers: manage_servers.cc, manage_tools_write.cc, manage_reads.cc, manage_runs.cc,
// manage_versions.cc, manage_dispatch.cc.
Task<Managed> on_create_server(const ManageCall& c);
Task<Managed> on_list_servers(const ManageCall& c);
Task<Managed> on_get_server(const ManageCall& c);
Task<Managed> on_start_server(const ManageCall& c);
Task<Managed> on_stop_server(const ManageCall& c);
Task<Managed> on_create_tool(const ManageCall& c);
Task<Managed> on_get_tool(const ManageCall& c);
Task<Managed> on_list_tools(const ManageCall& c);
Task<Managed> on_update_tool(const ManageCall& c);
Task<Managed> on_validate_code(const ManageCall& c);
Task<Managed> on_test_code(const ManageCall& c);
Task<Managed> on_request_publish(const ManageCall& c);
Task<Managed> on_get_tool_status(const ManageCall& c);
Task<Managed> on_get_tool_logs(const ManageCall& c);
Task<Managed> on_search_tools(const ManageCall& c);
Task<Managed> on_call_tool(const ManageCall& c);
Task<Managed> on_delete_server(const ManageCall& c);
Task<Managed> on_delete_tool(const ManageCall& c);
Task<Managed> on_list_tool_versions(const ManageCall& c);
Task<Managed> on_rollback_tool(const ManageCall& c);

// "Server <id> not found. ..." for kNotFound, else the monitor's own words, which say what to do next.
[[nodiscard]] Managed failed(const base::Error& error, std::string_view not_found = "");

}  // namespace mcpbox::gateway
