// Runs in the gateways.  Trusts nothing: every request stands alone; nothing of an earlier one is used.
// MCP 2026-07-28: server/discover, basic/patterns/subscriptions, basic/patterns/cancellation.
#include "gateway/access.h"
#include "gateway/era.h"
#include "gateway/eras.h"
#include "gateway/methods.h"
#include "gateway/talk.h"

namespace mcpbox::gateway {
namespace {

std::string discovery(const Gateway& g, const Incoming& in) {
  const std::string result = R"({"supportedVersions":[)" + quoted(kModernVersion) + R"(],"capabilities":)" +
                             std::string(kCapabilities) + R"(,"instructions":)" + quoted(instructions(in)) +
                             "}";
  return modern_result(g, result, kNotCacheable);
}

std::uint32_t lists_in(const json_t* wanted) {
  std::uint32_t lists = 0;
  for (const ListName& name : kListNames)
    if (json_is_true(json_object_get(wanted, name.wish))) lists |= name.list;
  return lists;
}

std::string acknowledged(const std::string& subscription, std::uint32_t lists,
                         const Subscriptions& resources) {
  std::string honoured;
  for (const ListName& name : kListNames)
    if ((lists & name.list) != 0)
      honoured += (honoured.empty() ? "\"" : ",\"") + std::string(name.wish) + "\":true";
  std::string uris;
  for (const auto& [uri, server] : resources) uris += (uris.empty() ? "" : ",") + quoted(uri);
  if (!uris.empty())
    honoured += (honoured.empty() ? "" : ",") + std::string(R"("resourceSubscriptions":[)") + uris + "]";
  return R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{"notifications":{)" +
         honoured + R"(},"_meta":{")" + kMetaSubscription + R"(":)" + subscription + "}}}";
}

Answered too_many_streams(const Message& message) {
  return response_of({.status = 503,
                      .code = kInternalError,
                      .message = "Too many event streams are open: close some.",
                      .id = message.id});
}

// The acknowledgement says which of its wishes will be granted: all lists, and the resources that there are.
Task<Answered> listen(const MethodCall& call) {
  Gateway& g = call.g;
  const Incoming& in = call.in;
  const Message& message = call.message;
  const json_t* wanted = message.param("notifications");
  if (!json_is_object(wanted))
    co_return Answered(response_of(
        {.code = kInvalidParams,
         .message = "params.notifications must be an object, such as {\"toolsListChanged\":true}.",
         .id = message.id}));
  if (g.streams.full()) co_return too_many_streams(message);
  const std::uint32_t lists = lists_in(wanted);
  Subscriptions resources = co_await subscriptions_of(call, json_object_get(wanted, "resourceSubscriptions"));
  if (!in.exchange->open()) co_return Answered();  // its client left meanwhile
  if (is_outdated(g, in)) co_return Answered(ask_again());
  if (g.draining) co_return Answered(stopping(message.id));
  if (g.streams.full()) co_return too_many_streams(message);  // others were opened meanwhile
  in.exchange->begin_stream({});
  in.exchange->send(event_of(acknowledged(message.id, lists, resources)));
  g.streams.add({.exchange = in.exchange,
                 .who = in.who,
                 .server = in.server,
                 .subscription = message.id,
                 .lists = lists,
                 .resources = std::move(resources)});
  co_return Answered();
}

Response reply_to(const MethodCall& call, const RpcReply& reply, std::string_view hints) {
  if (!reply) return response_of(reply.error());
  return {.body = result_body(call.message.id, modern_result(call.g, *reply, hints))};
}

// What is not a tool.  cacheable: its results carry hints.
struct Served {
  std::string_view method;
  bool cacheable;
  Task<RpcReply> (*answer)(const MethodCall& call, bool& withdrawn);
};
constexpr Served kServed[] = {
    {"prompts/list", true, [](const MethodCall& call, bool& /*withdrawn*/) { return list_prompts(call); }},
    {"resources/list", true,
     [](const MethodCall& call, bool& /*withdrawn*/) { return list_resources(call); }},
    {"resources/templates/list", true,
     [](const MethodCall& call, bool& /*withdrawn*/) { return list_templates(call); }},
    {"resources/read", true, read_resource},
    {"prompts/get", false, get_prompt},
    {"completion/complete", false, complete},
};

const Served* served_by(std::string_view method) {
  for (const Served& row : kServed)
    if (row.method == method) return &row;
  return nullptr;
}

}  // namespace

Task<Answered> answer_modern(Gateway& g, const Incoming& in, const Message& message) {
  if (message.kind == MessageKind::kNotification) co_return Answered(Response{.status = 202});
  const json_t* client = json_object_get(message.param("_meta"), kMetaClient);
  const MethodCall call{.g = g, .in = in, .message = message, .client = client_text(client), .modern = true};
  if (message.method == "server/discover")
    co_return Answered(Response{.body = result_body(message.id, discovery(g, in))});
  if (message.method == "subscriptions/listen") {
    Answered answered = co_await listen(call);
    co_return answered;
  }
  if (message.method == "tools/list") {
    const RpcReply reply = co_await list_tools(call);
    co_return Answered(reply_to(call, reply, kNotCacheable));
  }
  const json_t* level = json_object_get(message.param("_meta"), kMetaLogLevel);
  if (level != nullptr && !log_level_of(text_of(level)))
    co_return Answered(response_of(rpc_error(
        call, kInvalidParams,
        "_meta.logLevel must be one of debug, info, notice, warning, error, critical, alert, emergency.")));
  if (message.method == "tools/call") {
    bool withdrawn = false;  // only by hanging up, and then nobody reads the answer
    const RpcReply reply = co_await call_tool(call, withdrawn);
    co_return Answered(reply_to(call, reply, ""));
  }
  if (const Served* served = served_by(message.method)) {
    bool withdrawn = false;
    const RpcReply reply = co_await served->answer(call, withdrawn);
    co_return Answered(reply_to(call, reply, served->cacheable ? kNotCacheable : ""));
  }
  co_return Answered(response_of({.status = 404,
                                  .code = kMethodNotFound,
                                  .message = "Method not found: " + message.method,
                                  .id = message.id}));
}

}  // namespace mcpbox::gateway
