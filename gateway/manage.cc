// Runs in the gateways.  Trusts nothing: arguments are checked against the tool's row before its handler
// runs, and what the monitor passes on unread is parsed before it is embedded.
#include "gateway/manage.h"

#include "gateway/access.h"
#include "gateway/manage_grants.h"
#include "gateway/manage_problem.h"
#include "gateway/manage_shapes.h"
#include "gateway/methods.h"
#include "privsep/http/ids.h"

namespace mcpbox::gateway {
namespace {

std::string promised(const ManageTool& tool) {
  return R"(,"outputSchema":{"type":"object","properties":{)" + with_shapes(tool.output) +
         R"(},"required":)" + tool.required + "}";
}

std::string listed(const ManageTool& tool) {
  const auto hint = [&](const char* name, unsigned bit) {
    return quoted(name) + ((tool.hints & bit) != 0 ? ":true" : ":false");
  };
  return R"({"name":)" + quoted(tool.name) + R"(,"title":)" + quoted(tool.title) + R"(,"description":)" +
         quoted(tool.description) + R"(,"inputSchema":)" + schema_of(tool.arguments) + promised(tool) +
         R"(,"annotations":{"title":)" + quoted(tool.title) + "," + hint("readOnlyHint", kReadOnly) + "," +
         hint("destructiveHint", kDestructive) + "," + hint("idempotentHint", kIdempotent) + "," +
         hint("openWorldHint", kOpenWorld) + "}}";
}

}  // namespace

const ManageTool* find_manage_tool(std::string_view name) {
  for (const auto tools : {manage_tools(), authority_tools()})
    for (const ManageTool& tool : tools)
      if (tool.name == name) return &tool;
  return nullptr;
}

std::string manage_listing() {
  std::string all;
  for (const auto tools : {manage_tools(), authority_tools()})
    for (const ManageTool& tool : tools) all += (all.empty() ? "" : ",") + listed(tool);
  return all;
}

std::string managed_result(const Managed& made, std::string_view details) {
  if (!made.result.empty()) return made.result;
  const bool good = made.problem.empty();
  const std::string text = good ? indented(made.structured.get()) : "Error: " + sentence(made.problem);
  std::string out = R"({"content":[{"type":"text","text":)" + quoted(text) + "}]";
  if (made.structured) out += R"(,"structuredContent":)" + compact(made.structured.get());
  if (!good && !details.empty()) out += R"(,"_meta":{"error":)" + std::string(details) + "}";
  return out + (good ? "}" : R"(,"isError":true})");
}

Managed not_json() {
  return {.problem = "What is stored cannot be shown: it is not valid JSON. Tell the administrator",
          .why = base::Why::kBroken};
}

Managed failed(const base::Error& error, std::string_view not_found) {
  if (error.why == base::Why::kNotFound && !not_found.empty())
    return {.problem = std::string(not_found), .why = error.why};
  const std::string_view text = error.text;
  if (!text.empty()) return {.problem = std::string(text), .why = error.why};
  return {
      .problem =
          "MCPbox could not do this now: try again in a moment, and tell the administrator if it stays so",
      .why = error.why};
}

Task<RpcReply> call_management(const MethodCall& call, std::string name, const json_t* arguments,
                               bool& withdrawn) {
  const ManageTool* tool = find_manage_tool(name);
  if (tool == nullptr)
    co_return RpcReply(std::unexpected(
        rpc_error(call, kInvalidParams,
                  "Unknown tool: " + fitting(name, 128) + ". See tools/list for the mcpbox_ tools.")));
  const std::optional<Problem> problem = problem_with(tool->name, tool->arguments, arguments);
  if (problem) co_return RpcReply(problem_result(*problem));
  const ManageCall c{.call = call, .arguments = Arguments(arguments), .withdrawn = withdrawn};
  base::Result<Managed> made = co_await attempt(tool->handler(c));
  if (!made) {
    if (made.error().why == base::Why::kRefused) forget_ticket(*call.in.exchange);
    made = failed(made.error());
  }
  if (made->problem.empty()) co_return RpcReply(managed_result(*made));
  Problem told = problem_of(tool->name, tool->arguments, c.arguments, made->why, made->problem, made->field);
  if (!made->rule.empty()) told.rule = made->rule;
  co_return RpcReply(managed_result(*made, details_of(told)));
}

}  // namespace mcpbox::gateway
