// What a caller who comes through the tunnel may ask without an administrator's word: reading, calling, and
// asking for a person's decision.  Everything else that changes something, and whatever is added later
// without a row here, waits for the setting remote_tool_editing.
#pragma once

#include <algorithm>
#include <string_view>

#include "privsep/protocol/op.h"

namespace mcpbox::protocol {

// clang-format off
inline constexpr Op kRemoteAlways[] = {
    Op::kOpenSession, Op::kFindSession, Op::kCloseSession,       // speaking MCP
    Op::kListPublished, Op::kOpenCall, Op::kCancelCall,          // calling what is approved
    Op::kAnswerCall, Op::kSetLogLevel,                           // and talking with it
    Op::kSubscribe, Op::kListSubscriptions,                      // of one's own session
    Op::kRead, Op::kListGrants, Op::kListModules, Op::kListSecrets, Op::kValidateCode,  // reading
    Op::kRequestPublish, Op::kRequestHost, Op::kRequestModule,   // a person decides
};
// clang-format on

constexpr bool remote_always(Op op) {
  return std::ranges::find(kRemoteAlways, op) != std::ranges::end(kRemoteAlways);
}
// Which questions belong to which JSON-RPC method, so that a ticket for one request is not good for another.
//   asks     the method; empty: a client's answer, or a request without a body
//   tool     of tools/call: the management tool; empty: any that is none
struct RemoteUse {
  Op op;
  std::string_view asks;
  std::string_view tool;
};
// clang-format off
inline constexpr RemoteUse kRemoteUses[] = {
    { Op::kOpenSession,    "initialize",               "" },
    { Op::kSetLogLevel,    "logging/setLevel",         "" },
    { Op::kSubscribe,      "resources/subscribe",      "" },
    { Op::kSubscribe,      "resources/unsubscribe",    "" },
    { Op::kListPublished,  "tools/list",               "" },
    { Op::kListPublished,  "prompts/list",             "" },
    { Op::kListPublished,  "resources/list",           "" },
    { Op::kListPublished,  "resources/templates/list", "" },
    { Op::kListPublished,  "tools/call",               "" },  // what its parameters' headers are
    { Op::kListPublished,  "prompts/get",              "" },
    { Op::kListPublished,  "resources/read",           "" },  // whose the URI is
    { Op::kListPublished,  "resources/subscribe",      "" },
    { Op::kListPublished,  "subscriptions/listen",     "" },
    { Op::kListPublished,  "completion/complete",      "" },
    { Op::kListPublished,  "tools/call",               "mcpbox_search_tools" },
    { Op::kListPublished,  "tools/call",               "mcpbox_call_tool" },
    { Op::kOpenCall,       "tools/call",               "" },
    { Op::kOpenCall,       "tools/call",               "mcpbox_call_tool" },
    { Op::kOpenCall,       "prompts/get",              "" },
    { Op::kOpenCall,       "resources/read",           "" },
    { Op::kOpenCall,       "completion/complete",      "" },
    { Op::kCancelCall,     "notifications/cancelled",  "" },
    { Op::kAnswerCall,     "",                         "" },
    { Op::kAnswerCall,     "tools/call",               "" },  // only to refuse: on_answer_call()
    { Op::kCreateServer,   "tools/call",               "mcpbox_create_server" },
    { Op::kStartServer,    "tools/call",               "mcpbox_start_server" },
    { Op::kStopServer,     "tools/call",               "mcpbox_stop_server" },
    { Op::kCreateTool,     "tools/call",               "mcpbox_create_tool" },
    { Op::kUpdateTool,     "tools/call",               "mcpbox_update_tool" },
    { Op::kRollbackTool,   "tools/call",               "mcpbox_rollback_tool" },
    { Op::kDeleteTool,     "tools/call",               "mcpbox_delete_tool" },
    { Op::kDeleteServer,   "tools/call",               "mcpbox_delete_server" },
    { Op::kTestCode,       "tools/call",               "mcpbox_test_code" },
    { Op::kRequestPublish, "tools/call",               "mcpbox_request_publish" },
    { Op::kRequestHost,    "tools/call",               "mcpbox_request_network_access" },
    { Op::kRequestModule,  "tools/call",               "mcpbox_request_module" },
    { Op::kCreateSecret,   "tools/call",               "mcpbox_create_server_secret" },
};
// Reading, for any management tool.
inline constexpr Op kRemoteReads[] = {Op::kRead, Op::kListGrants, Op::kListModules, Op::kListSecrets, Op::kValidateCode};
// clang-format on

constexpr bool is_remote_read(Op op) {
  return std::ranges::find(kRemoteReads, op) != std::ranges::end(kRemoteReads);
}

// May be asked more than once with one ticket: they have no effect, or none the second time.
constexpr bool is_repeatable(Op op) {
  return is_remote_read(op) || op == Op::kFindSession || op == Op::kListPublished || op == Op::kCancelCall ||
         op == Op::kAnswerCall || op == Op::kListSubscriptions;
}

// verb, method, name: of the request that was signed.
constexpr bool belongs_to(Op op, std::string_view verb, std::string_view method, std::string_view name) {
  if (op == Op::kFindSession) return true;  // a session of the same principal's
  if (op == Op::kCloseSession) return verb == "DELETE";
  if (op == Op::kListSubscriptions) return verb == "GET";  // what the session's stream is told
  if (verb != "POST") return false;
  const bool manages = method == "tools/call" && name.starts_with("mcpbox_");
  if (op == Op::kCancelCall && method == "tools/call") return true;  // its client hung up
  if (is_remote_read(op)) return manages;
  const std::string_view tool = manages ? name : std::string_view();
  return std::ranges::any_of(kRemoteUses, [&](const RemoteUse& use) {
    return use.op == op && use.asks == method && use.tool == tool;
  });
}

// All that a caller without an e-mail address may cause (contract 4.2).
constexpr bool anonymous_may(Op op, bool may_list) {
  return op == Op::kOpenSession || op == Op::kFindSession || op == Op::kCloseSession ||
         op == Op::kListSubscriptions || (op == Op::kListPublished && may_list);
}

static_assert(!belongs_to(Op::kCreateTool, "POST", "tools/list", ""), "a list is not a create");
static_assert(!belongs_to(Op::kOpenCall, "GET", "", ""), "a stream calls nothing");
static_assert(belongs_to(Op::kListSubscriptions, "GET", "", "") && !belongs_to(Op::kSubscribe, "GET", "", ""),
              "a stream is told what its session wished for, and wishes for nothing");
static_assert(!belongs_to(Op::kCreateTool, "POST", "tools/call", "mcpbox_list_tools"),
              "one management tool is not another");
static_assert(!anonymous_may(Op::kOpenCall, true), "nobody calls a tool without a name");
static_assert(!remote_always(Op::kCreateTool) && !remote_always(Op::kUpdateTool), "the code stays local");
static_assert(!remote_always(Op::kTestCode), "a draft runs for whoever may write it");

}  // namespace mcpbox::protocol
