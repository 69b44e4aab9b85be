// Runs in the gateways.  Trusts nothing: names and URIs are a client's, results a call child's.
// MCP prompts/get, resources/read, completion/complete.
#include <algorithm>

#include "gateway/access.h"
#include "gateway/methods.h"
#include "gateway/uri_template.h"
#include "privsep/http/ids.h"
#include "privsep/http/json_check.h"
#include "privsep/http/redact.h"

namespace mcpbox::gateway {
namespace {

using base::Why;
using protocol::Kind;
using protocol::Method;

constexpr int kResourceNotFound = -32002;  // legacy wire only

RpcReply refused(const MethodCall& call, std::string text, int code = kInvalidParams, std::string data = "") {
  RpcError error = rpc_error(call, code, std::move(text));
  error.data = std::move(data);
  return std::unexpected(std::move(error));
}

// The first text of a CallToolResult: how a child that has no result says why.
std::string words_of(const protocol::CallResult& ended) {
  if (!ended.explanation.empty()) return ended.explanation;
  const Json result = parse_object(ended.result);
  const json_t* first = json_array_get(json_object_get(result.get(), "content"), 0);
  const std::string_view text = text_of(json_object_get(first, "text"));
  return text.empty() ? std::string("it gave no result; mcpbox_get_tool_logs shows what is known")
                      : std::string(text);
}

// What a child made: an object with this member and no other claim.
RpcReply result_of(const MethodCall& call, const protocol::CallResult& ended, const char* member) {
  if (std::optional<RpcReply> said = said_by_protocol(call, ended)) return std::move(*said);
  if (ended.end == protocol::CallEnd::kInvalidArguments)
    return refused(call, sentence(fitting(words_of(ended), 2000)));
  if (ended.end != protocol::CallEnd::kOk)
    return refused(call, sentence(fitting(words_of(ended), 2000)), kInternalError);
  if (check_json(ended.result) != JsonKind::kObject || find_member(ended.result, "resultType") ||
      !find_member(ended.result, member))
    return refused(call, "It returned malformed JSON.", kInternalError);
  return std::string(ended.result);
}

RpcReply not_run(const MethodCall& call, const base::Error& error, std::string unknown) {
  if (error.why == Why::kNotFound) return refused(call, std::move(unknown));
  if (error.why == Why::kInvalid && call.message.param("requestState") != nullptr)
    return refused(call, sentence(error.text));
  if (error.why == Why::kRefused) forget_ticket(*call.in.exchange);
  return refused(call, sentence(error.text), kInternalError);
}

struct Place {
  std::string name;  // empty: there is none
};

// Whose the URI is: the resource with exactly this one, else the first template that can make it.
Task<Place> find_resource(const MethodCall& call, Kind kind, std::string uri, bool exactly) {
  protocol::ListPublished question{.ticket = call.in.ticket, .server = call.in.server, .kind = kind};
  for (bool more = true; more;) {
    const base::Result<protocol::ToolPage> page = co_await attempt(call.g.monitor->ask(question));
    if (!page && page.error().why != Why::kNotFound) co_return std::unexpected(page.error());
    if (!page) co_return Place{};
    for (const protocol::PublishedTool& one : page->tools)
      if (exactly ? one.uri_template == uri : template_matches(one.uri_template, uri))
        co_return Place{.name = one.name};
    more = page->more && !page->tools.empty();
    if (more) question.after = page->tools.back().name;
  }
  co_return Place{};
}

Task<Place> find_owner(const MethodCall& call, std::string uri) {
  Place place;
  if (uri.empty()) co_return place;
  place = co_await find_resource(call, Kind::kResource, uri, true);
  if (place.name.empty()) place = co_await find_resource(call, Kind::kResourceTemplate, uri, false);
  co_return place;
}

// Of a name as it is published on this endpoint.
std::string server_of(const MethodCall& call, std::string_view name) {
  if (!call.in.server.empty()) return call.in.server;
  return std::string(name.substr(0, name.find("__")));
}

bool is_name(const protocol::OpenCall& wanted, std::string_view name) {
  return !name.empty() && name.size() <= wanted.tool.kMax && name.find('\0') == std::string_view::npos;
}

// A part of a result that was cut, for the caller whose result it was.
std::optional<RpcReply> kept_rest(const MethodCall& call, const std::string& uri) {
  if (!KeptResults::is_ours(uri)) return std::nullopt;
  const std::optional<std::string> text = call.g.kept.read(call.in.who, uri);
  if (!text) return std::nullopt;
  return RpcReply(R"({"contents":[{"uri":)" + quoted(uri) + R"(,"mimeType":"text/plain","text":)" +
                  quoted(*text) + "}]}");
}

Task<RpcReply> run(const MethodCall& call, protocol::OpenCall& wanted, const char* member,
                   std::string unknown, bool& withdrawn) {
  if (std::optional<RpcError> wrong = take_state(call, wanted))
    co_return RpcReply(std::unexpected(std::move(*wrong)));
  const base::Result<protocol::CallResult> ended = co_await attempt(run_call(call, wanted, withdrawn));
  if (!ended) co_return not_run(call, ended.error(), std::move(unknown));
  co_return result_of(call, *ended, member);
}

}  // namespace

Task<RpcReply> get_prompt(const MethodCall& call, bool& withdrawn) {
  const std::string name(text_of(call.message.param("name")));
  const json_t* arguments = call.message.param("arguments");
  protocol::OpenCall wanted{.method = Method::kPromptsGet};
  const std::string unknown = "Unknown prompt: " + fitting(name, 128) + ". See prompts/list.";
  if (!is_name(wanted, name)) co_return refused(call, unknown);
  wanted.tool = name;
  wanted.arguments_log = redacted(arguments);
  RpcReply reply = co_await run(call, wanted, "messages", unknown, withdrawn);
  co_return reply;
}

Task<RpcReply> read_resource(const MethodCall& call, bool& withdrawn) {
  const std::string uri(text_of(call.message.param("uri")));
  if (std::optional<RpcReply> rest = kept_rest(call, uri)) co_return std::move(*rest);
  const Place place = co_await find_owner(call, uri);
  const std::string shown = fitting(uri, 500);
  const RpcReply none =
      refused(call, "Resource not found: " + shown + ". See resources/list and resources/templates/list.",
              call.modern ? kInvalidParams : kResourceNotFound, R"({"uri":)" + quoted(shown) + "}");
  if (place.name.empty()) co_return none;
  protocol::OpenCall wanted{.tool = place.name, .method = Method::kResourcesRead};
  Object log;
  log.text("uri", shown);
  wanted.arguments_log = compact(log.take().get());
  RpcReply reply = co_await run(call, wanted, "contents", none.error().message, withdrawn);
  co_return reply;
}

Task<RpcReply> subscribe(const MethodCall& call) {
  const std::string uri(text_of(call.message.param("uri")));
  const Place place = co_await find_owner(call, uri);
  if (place.name.empty())
    co_return refused(call, "Resource not found: " + fitting(uri, 500) + ". See resources/list.",
                      kResourceNotFound);
  // The monitor keeps it, so that a gateway that restarts loses nobody's.
  const std::string server = server_of(call, place.name);
  protocol::Subscribe wish{.ticket = call.in.ticket, .id = std::string_view(call.session)};
  wish.what.uri = uri;
  wish.what.server = server;
  const base::Result<protocol::Done> kept = co_await attempt(call.g.monitor->ask(wish));
  if (!kept && kept.error().why != base::Why::kConflict) co_return std::unexpected(kept.error());
  if (!kept || !call.g.streams.subscribe(call.session, uri, server))
    co_return refused(call, "This session has too many subscriptions: end one with resources/unsubscribe.");
  co_return RpcReply("{}");
}

Task<RpcReply> unsubscribe(const MethodCall& call) {
  const std::string uri(text_of(call.message.param("uri")));
  call.g.streams.unsubscribe(call.session, uri);
  protocol::Subscribe wish{.ticket = call.in.ticket, .id = std::string_view(call.session), .wanted = false};
  if (uri.size() > decltype(wish.what.uri)::kMax) co_return RpcReply("{}");  // nobody's
  wish.what.uri = uri;
  const protocol::Done done = co_await call.g.monitor->ask(wish);
  static_cast<void>(done);
  co_return RpcReply("{}");
}

Task<Subscriptions> subscriptions_of(const MethodCall& call, const json_t* uris) {
  Subscriptions found;
  const std::size_t most = std::min<std::size_t>(json_array_size(uris), policy::limits::kSubscriptions);
  for (std::size_t i = 0; i < most; ++i) {
    const std::string uri(text_of(json_array_get(uris, i)));
    const Place place = co_await find_owner(call, uri);
    if (!place.name.empty()) found.emplace(uri, server_of(call, place.name));
  }
  co_return found;
}

Task<RpcReply> complete(const MethodCall& call, bool& withdrawn) {
  const json_t* ref = call.message.param("ref");
  const std::string_view type = text_of(json_object_get(ref, "type"));
  Place place;
  if (type == "ref/prompt") place.name = text_of(json_object_get(ref, "name"));
  const std::string uri(text_of(json_object_get(ref, "uri")));
  if (type == "ref/resource") place = co_await find_resource(call, Kind::kResourceTemplate, uri, true);
  protocol::OpenCall wanted{.method = Method::kComplete};
  const std::string unknown =
      "params.ref must name a prompt of prompts/list, or a uriTemplate of resources/templates/list.";
  if (!is_name(wanted, place.name)) co_return refused(call, unknown);
  wanted.tool = place.name;
  wanted.arguments_log = redacted(call.message.param("argument"));
  RpcReply reply = co_await run(call, wanted, "completion", unknown, withdrawn);
  co_return reply;
}

}  // namespace mcpbox::gateway
