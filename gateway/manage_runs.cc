// Runs in the gateways.  Trusts nothing: what a draft returned was made by a child that may be stolen.
// Contract 2.2: test_code.
#include "gateway/manage.h"
#include "gateway/methods.h"
#include "privsep/http/ids.h"
#include "privsep/http/json_check.h"
#include "privsep/http/redact.h"

namespace mcpbox::gateway {
namespace {

// The value that main() returned: what the result holds as JSON, else its text.
Json value_of(const json_t* result, const json_t* execution, std::string_view text) {
  if (json_t* structured = json_object_get(result, "structuredContent")) return Json(json_incref(structured));
  if (json_is_true(json_object_get(execution, "is_json")))
    if (Json value = parse_value(text)) return value;
  return Json(json_stringn(text.data(), text.size()));
}

void put_execution(Object& out, const json_t* execution) {
  const json_t* printed = json_object_get(execution, "stdout");
  if (json_is_string(printed)) out.text("stdout", text_of(printed));
  json_t* took = json_object_get(execution, "duration_ms");
  if (json_is_number(took)) out.json("duration_ms", Json(json_incref(took)));
}

Managed report(const protocol::CallResult& ended) {
  const Json result = parse_object(tool_result(ended, false));
  const json_t* execution = json_object_get(json_object_get(result.get(), "_meta"), "execution");
  const json_t* first = json_array_get(json_object_get(result.get(), "content"), 0);
  std::string_view text = text_of(json_object_get(first, "text"));
  const bool good = result && !json_is_true(json_object_get(result.get(), "isError"));
  Object out;
  out.boolean("success", good);
  if (good) {
    out.json("result", value_of(result.get(), execution, text));
    out.text("message",
             "It ran to its end. When it does what it should, ask for approval with mcpbox_request_publish.");
  }
  if (text.starts_with("Error: ")) text.remove_prefix(std::string_view("Error: ").size());
  if (!good) out.text("error", text);
  put_execution(out, execution);
  Managed made{.structured = out.take()};
  if (!good)
    made.problem = sentence(text.empty() ? "the run gave no result" : text) +
                   (ended.end == protocol::CallEnd::kInvalidArguments
                        ? " Give mcpbox_test_code arguments that fit the tool's input schema"
                        : " Repair the code with mcpbox_update_tool and run it again");
  return made;
}

}  // namespace

Task<Managed> on_test_code(const ManageCall& c) {
  const MethodCall& call = c.call;
  protocol::TestCode order{
      .ticket = call.in.ticket, .request = random_id(), .tool = c.arguments.id("tool_id")};
  order.client = call.client;
  const json_t* arguments = c.arguments.value("arguments");
  order.arguments_log = redacted(arguments);
  // As received: a number that Jansson cannot hold reaches the code whole.
  const auto params = find_member(call.in.exchange->body(), "params");
  const auto given = params ? find_member(*params, "arguments") : std::nullopt;
  const auto inner = given ? find_member(*given, "arguments") : std::nullopt;
  order.arguments = arguments == nullptr ? std::string("{}")
                    : inner              ? std::string(*inner)
                                         : compact(arguments);
  const CallsInFlight::Entry entry(call.g.calls, {.request = order.request,
                                                  .ticket = call.in.ticket,
                                                  .session = call.session,
                                                  .rpc_id = call.message.id});
  cancel_when_client_leaves(call, order.request);
  const base::Result<protocol::CallResult> ended = co_await attempt(call.g.monitor->ask(order));
  c.withdrawn = entry.call().withdrawn;
  call.in.exchange->on_hang_up(nullptr);
  if (!ended)
    co_return failed(ended.error(), "Tool " + std::string(c.arguments.text("tool_id")) +
                                        " not found. Call mcpbox_list_tools with a server_id for the ids.");
  co_return report(*ended);
}

}  // namespace mcpbox::gateway
