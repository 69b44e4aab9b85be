// Runs in the gateways.  Trusts nothing: arguments are a client's, results a call child's that may be stolen.
// MCP server/tools, tools/call; contract 4.5.
#include "gateway/access.h"
#include "gateway/cutting.h"
#include "gateway/manage.h"
#include "gateway/methods.h"
#include "gateway/talk.h"
#include "policy/names.h"
#include "privsep/http/base64.h"
#include "privsep/http/ids.h"
#include "privsep/http/json_check.h"
#include "privsep/http/redact.h"

namespace mcpbox::gateway {
namespace {

using base::Why;

constexpr const char* kCallIdHeader = "MCPbox-Call-Id";
constexpr const char* kCallIdMember = "mcpbox/callId";

RpcReply unknown_tool(const MethodCall& call, std::string_view name) {
  const std::string hint =
      call.in.server.empty()
          ? ". Its name is SERVER__TOOL once it is approved and its server runs: see tools/list, or "
            "mcpbox_get_tool_status for what it still needs."
          : ". This endpoint has the approved tools of one server only: see tools/list.";
  return std::unexpected(rpc_error(call, kInvalidParams, "Unknown tool: " + fitting(name, 128) + hint));
}

bool can_be_published(const MethodCall& call, std::string_view name) {
  if (!call.in.server.empty()) return policy::tool_name_problem(name) == policy::NameProblem::kNone;
  return policy::split_published_name(name).has_value();
}

// The tools of one server that have annotated parameters.
Task<ParamHeaders::Tools> annotated_tools(const MethodCall& call, std::string server) {
  ParamHeaders& known = call.g.param_headers;
  if (const ParamHeaders::Tools* found = known.find(server)) co_return *found;
  const std::uint64_t age = known.age();
  ParamHeaders::Tools tools;
  protocol::ListPublished question{.ticket = call.in.ticket, .server = server};
  for (bool more = true; more;) {
    const base::Result<protocol::ToolPage> page = co_await attempt(call.g.monitor->ask(question));
    if (!page && page.error().why != Why::kNotFound) co_return std::unexpected(page.error());
    if (!page) co_return tools;  // it does not run: the call itself is about to say so
    for (const protocol::PublishedTool& tool : page->tools)
      if (std::vector<ParamHeader> found = param_headers(input_schema(tool)); !found.empty())
        tools.emplace(tool.name, std::move(found));
    more = page->more && !page->tools.empty();
    if (more) question.after = page->tools.back().name;
  }
  known.keep(server, tools, age);
  co_return tools;
}

// 2026-07-28 only: no earlier client knows the headers.
Task<std::optional<RpcError>> check_param_headers(const MethodCall& call, std::string name,
                                                  const json_t* arguments) {
  // Through the Unix socket nothing stands in between that could route by a header.
  if (!call.modern || is_bridged(*call.in.exchange) || !can_be_published(call, name))
    co_return std::optional<RpcError>();
  const auto parts = policy::split_published_name(name);
  const bool whole = call.in.server.empty() && parts;
  const std::string server = whole ? std::string(parts->server) : call.in.server;
  const std::string tool = whole ? std::string(parts->tool) : name;
  const ParamHeaders::Tools tools = co_await annotated_tools(call, server);
  const auto wanted = tools.find(tool);
  if (wanted == tools.end()) co_return std::optional<RpcError>();
  const std::optional<std::string> problem =
      header_problem(wanted->second, call.in.exchange->headers(), arguments);
  if (!problem) co_return std::optional<RpcError>();
  RpcError error = rpc_error(call, kHeaderMismatch, *problem);
  error.status = 400;
  co_return std::optional<RpcError>(error);
}

Task<Nothing> send_cancel(Gateway& g, wire::Id ticket, wire::Id request) {
  protocol::CancelCall order{.ticket = ticket, .request = request};
  co_await g.monitor->ask(order);
  co_return Nothing{};
}

// kNotFound is told apart: the tool is unknown.  Everything else that kept it from running is a result for
// the model.
RpcReply not_run(const MethodCall& call, std::string_view name, const base::Error& error) {
  if (error.why == Why::kNotFound) return unknown_tool(call, name);
  const std::string_view text = error.text;
  if (error.why == Why::kInvalid && call.message.param("requestState") != nullptr)
    return std::unexpected(rpc_error(call, kInvalidParams, sentence(text)));
  if (error.why == Why::kRefused) forget_ticket(*call.in.exchange);
  return error_result("Error: " + sentence(text.empty() ? "the call could not be started" : text));
}

std::string explanation_of(const protocol::CallResult& ended) {
  if (!ended.explanation.empty()) return ended.explanation;
  switch (ended.end) {
    case protocol::CallEnd::kTimedOut:
      return "the tool did not finish in its time and was stopped: give it less to do, or raise its "
             "timeout_ms";
    case protocol::CallEnd::kOutOfMemory:
      return "the tool used more memory than a call has and was stopped: let it work on less at a time";
    case protocol::CallEnd::kCancelled:
      return "the call was withdrawn";
    case protocol::CallEnd::kUnrecorded:
      return "the tool ran, but what came of it could not be recorded: do not call it again, tell the "
             "administrator";
    default:
      return "the tool's process ended without a result; mcpbox_get_tool_logs shows what is known";
  }
}

const json_t* first_text(const json_t* result) {
  return json_object_get(json_array_get(json_object_get(result, "content"), 0), "text");
}

// What the tool returned when that is JSON but no object: the text is the value.
std::optional<std::string_view> value_in_text(const json_t* result) {
  const json_t* execution = json_object_get(json_object_get(result, "_meta"), "execution");
  const std::string_view text = text_of(first_text(result));
  if (json_object_get(result, "structuredContent") != nullptr ||
      !json_is_true(json_object_get(execution, "is_json")) || !check_json(text))
    return std::nullopt;
  return text;
}

std::string with_structured(std::string_view value, std::string_view result) {
  return R"({"structuredContent":)" + std::string(value) + "," +
         std::string(result.substr(result.find('{') + 1));
}

// Earlier revisions have no place but the text for what is no object.
std::string with_any_value(std::string_view result) {
  const Json parsed = parse_object(result);
  const std::optional<std::string_view> value = value_in_text(parsed.get());
  return value ? with_structured(*value, result) : std::string(result);
}

// The id by which the log, the audit chain and every outgoing request know the call.
std::string with_call_id(std::string_view result, const wire::Id& call) {
  std::string whole(result);
  if (call == wire::Id{}) return whole;
  const std::string member = std::string("\"") + kCallIdMember + "\":\"" + text_of(call) + "\"";
  const std::optional<std::string_view> meta = find_member(result, "_meta");
  if (!meta) return whole.insert(1, "\"_meta\":{" + member + "},");
  if (!meta->starts_with('{')) return whole;  // not our runtime's: the log has the id
  const auto inside = static_cast<std::size_t>(meta->data() - result.data()) + 1;
  const std::size_t next = whole.find_first_not_of(" \t", inside);
  return whole.insert(inside, next != std::string::npos && whole[next] == '}' ? member : member + ",");
}

}  // namespace

// The sealed state of a call that is repeated with answers.
std::optional<RpcError> take_state(const MethodCall& call, protocol::OpenCall& wanted) {
  const json_t* state = call.message.param("requestState");
  if (!call.modern || state == nullptr) return std::nullopt;
  const std::optional<std::string> sealed = base64_decode(text_of(state), Alphabet::kUrl);
  if (json_is_string(state) && sealed && !sealed->empty() && sealed->size() <= wanted.request_state.kMax) {
    wanted.request_state = *sealed;
    return std::nullopt;
  }
  return rpc_error(call, kInvalidParams, "requestState is not one that was given out here.");
}

std::optional<RpcReply> said_by_protocol(const MethodCall& call, const protocol::CallResult& ended) {
  using enum protocol::CallEnd;
  if (ended.end == kStateRefused)
    return RpcReply(std::unexpected(rpc_error(call, kInvalidParams, sentence(ended.explanation))));
  if (ended.end == kMissingCapability && call.modern && check_json(ended.result) == JsonKind::kObject)
    return RpcReply(
        std::unexpected(RpcError{.status = 400,
                                 .code = gateway::kMissingCapability,
                                 .message = "The tool needs a capability that the client did not declare.",
                                 .data = R"({"requiredCapabilities":)" + ended.result + "}",
                                 .id = call.message.id}));
  if (ended.end != kInputRequired) return std::nullopt;
  std::optional<std::string> asks =
      call.modern ? input_required(ended.result, ended.request_state) : std::nullopt;
  return asks ? RpcReply(std::move(*asks)) : error_result("Error: the tool returned malformed JSON.");
}

Task<protocol::CallResult> run_call(const MethodCall& call, protocol::OpenCall& wanted, bool& withdrawn) {
  wanted.ticket = call.in.ticket;
  wanted.request = random_id();
  wanted.server = call.in.server;
  wanted.client = call.client;
  wanted.session = call.session;
  const CallsInFlight::Entry entry(
      call.g.calls, {.request = wanted.request,
                     .ticket = call.in.ticket,
                     .session = call.session,
                     .rpc_id = call.message.id,
                     .exchange = call.in.exchange,
                     .progress_token = progress_token_of(call.in.exchange->body()),
                     .streams = accepts(call.in.exchange->headers().joined("Accept"), "text/event-stream"),
                     .questions = {}});
  wanted.body = call.in.exchange->take_body();
  cancel_when_client_leaves(call, wanted.request);
  base::Result<protocol::CallResult> ended = co_await attempt(call.g.monitor->ask(wanted));
  withdrawn = entry.call().withdrawn;
  call.in.exchange->on_hang_up(nullptr);
  if (ended) call.in.exchange->add_header(kCallIdHeader, text_of(ended->call));
  co_return ended;
}

// Clients refuse a result without what its tool declares to be in it.  The list is in the order of the bytes
// of its names: it is read from the name's own letters but the last, so that a page or so answers, not every
// tool.
Task<bool> declares_output(const MethodCall& call, std::string name) {
  protocol::ListPublished question{
      .ticket = call.in.ticket, .server = call.in.server, .after = name.substr(0, name.size() - 1)};
  for (bool more = true; more;) {
    const base::Result<protocol::ToolPage> page = co_await attempt(call.g.monitor->ask(question));
    if (!page) co_return true;  // not known: nothing is taken away
    for (const protocol::PublishedTool& tool : page->tools)
      if (tool.name == name) co_return !tool.output_schema.empty();
    more = page->more && !page->tools.empty() && std::string_view(page->tools.back().name) < name;
    if (more) question.after = page->tools.back().name;
  }
  co_return true;
}

// The result as its client takes it.
Task<std::string> fitted(const MethodCall& call, std::string name, std::string result) {
  Cutting how{.most = most_for(call.client)};
  if (how.most == 0 || result.size() <= how.most) co_return result;
  if (find_member(result, "structuredContent"))
    how.keep_structured = co_await declares_output(call, std::move(name));
  co_return cut_result(result, how, call.in.who, call.g.kept);
}

Task<RpcReply> call_published(const MethodCall& call, std::string name, const json_t* arguments,
                              bool& withdrawn) {
  if (!can_be_published(call, name)) co_return unknown_tool(call, name);
  protocol::OpenCall wanted{.tool = name};
  wanted.arguments_log = redacted(arguments);
  if (std::optional<RpcError> wrong = take_state(call, wanted))
    co_return RpcReply(std::unexpected(std::move(*wrong)));
  const base::Result<protocol::CallResult> ended = co_await attempt(run_call(call, wanted, withdrawn));
  if (!ended) co_return not_run(call, name, ended.error());
  if (std::optional<RpcReply> said = said_by_protocol(call, *ended)) co_return std::move(*said);
  std::string result = tool_result(*ended, call.modern);
  result = co_await fitted(call, std::move(name), std::move(result));
  co_return RpcReply(std::move(result));
}

std::string error_result(std::string_view text) {
  return R"({"content":[{"type":"text","text":)" + quoted(text) + R"(}],"isError":true})";
}

std::string tool_result(const protocol::CallResult& ended, bool modern) {
  if (ended.result.empty()) return error_result("Error: " + sentence(explanation_of(ended)));
  // resultType is ours to say; a result that brings one was not made by our runtime.
  if (check_json(ended.result) != JsonKind::kObject || find_member(ended.result, "resultType") ||
      !find_member(ended.result, "content"))
    return error_result("Error: the tool returned malformed JSON.");
  const std::string_view result = ended.result;
  const std::string whole = with_call_id(result.substr(result.find('{')), ended.call);
  return modern ? with_any_value(whole) : whole;
}

std::string with_object(std::string result) {
  if (find_member(result, "isError") == "true" || find_member(result, "resultType") ||
      !find_member(result, "content"))
    return result;
  const std::optional<std::string_view> given = find_member(result, "structuredContent");
  if (given && given->starts_with('{')) return result;
  if (given) {
    const auto at = static_cast<std::size_t>(given->data() - result.data());
    return result.replace(at, given->size(), R"({"result":)" + std::string(*given) + "}");
  }
  const Json parsed = parse_object(result);
  const std::optional<std::string_view> value = value_in_text(parsed.get());
  const json_t* text = first_text(parsed.get());
  const std::string said = json_is_string(text) ? quoted(text_of(text)) : "null";
  return with_structured(R"({"result":)" + (value ? std::string(*value) : said) + "}", result);
}

void cancel(Gateway& g, CallInFlight& call) {
  if (std::exchange(call.withdrawn, true)) return;
  g.tasks.spawn(send_cancel(g, call.ticket, call.request));
}

void cancel_when_client_leaves(const MethodCall& call, const wire::Id& request) {
  if (!call.modern) return;
  call.in.exchange->on_hang_up([g = &call.g, request] {
    if (CallInFlight* found = g->calls.find(request)) cancel(*g, *found);
  });
}

Task<RpcReply> call_tool(const MethodCall& call, bool& withdrawn) {
  const json_t* name = call.message.param("name");
  const json_t* arguments = call.message.param("arguments");
  if (!json_is_string(name))
    co_return RpcReply(std::unexpected(
        rpc_error(call, kInvalidParams, "params.name is missing: give the name of a tool in tools/list.")));
  if (arguments != nullptr && !json_is_object(arguments))
    co_return RpcReply(
        std::unexpected(rpc_error(call, kInvalidParams, "params.arguments must be an object.")));
  const std::string wanted(text_of(name));
  if (call.in.server.empty() && wanted.starts_with(kManagePrefix)) {
    RpcReply reply = co_await call_management(call, wanted, arguments, withdrawn);
    co_return reply;
  }
  const std::optional<RpcError> wrong = co_await check_param_headers(call, wanted, arguments);
  if (wrong) co_return RpcReply(std::unexpected(*wrong));
  RpcReply reply = co_await call_published(call, wanted, arguments, withdrawn);
  co_return reply;
}

}  // namespace mcpbox::gateway
