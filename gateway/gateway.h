// Everything that the answers use, built once and passed by reference.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "gateway/calls_in_flight.h"
#include "gateway/failures.h"
#include "gateway/guard.h"
#include "gateway/jsonrpc.h"
#include "gateway/kept_results.h"
#include "gateway/param_headers.h"
#include "gateway/rates.h"
#include "gateway/streams.h"
#include "gateway/using_http.h"
#include "privsep/base/log.h"
#include "privsep/http/exchange.h"
#include "privsep/loop/link.h"
#include "privsep/loop/loop.h"
#include "privsep/loop/task_set.h"
#include "privsep/protocol/messages_access.h"
#include "privsep/protocol/messages_manage.h"

namespace mcpbox::gateway {

using loop::Nothing;
using loop::Task;

// Which listener this process serves.  What follows from it is the monitor's: it gave the role.
enum class Entrance : std::uint8_t { kLocal, kTunnel };

struct Gateway {
  Gateway(loop::Loop& event_loop, const base::Log& process_log)
      : loop(event_loop), log(process_log), streams(event_loop) {}

  loop::Loop& loop;
  const base::Log& log;
  std::unique_ptr<loop::Link> monitor;
  Entrance entrance = Entrance::kLocal;
  std::string version;  // of MCPbox, from the monitor
  HostRules hosts{{}};
  std::string management;  // the management tools as tools/list shows them: objects joined by commas
  base::SystemClock clock;
  Rates rates{clock};
  Failures failures{clock};  // of the tunnel
  ParamHeaders param_headers;
  Streams streams;
  CallsInFlight calls;
  loop::TaskSet tasks;  // of the process, not of a connection: a legacy call goes on when its client hangs up
  KeptResults kept{clock};
  std::uint64_t callers_gone =
      0;                  // times that who may come has changed: principals from before are asked again
  bool draining = false;  // MCPbox stops: what is under way is finished, nothing is begun
};

// A request on its way to its answer.
struct Incoming {
  std::shared_ptr<Exchange> exchange;
  std::string server;              // of the endpoint /mcp/servers/NAME; empty on /mcp
  wire::Id ticket{};               // of the caller, where the route needs one
  std::string who;                 // the caller, where the route needs one, as the monitor calls it
  std::uint64_t callers_gone = 0;  // of the gateway, when this caller was let in
  bool anonymous = false;
  bool may_list = true;
};

// Nothing when the handler has dealt with the exchange itself (streams).
using Answered = std::optional<Response>;

// The result of a JSON-RPC method, as the JSON text of an object, or its error.
using RpcReply = std::expected<std::string, RpcError>;

// What the methods that both eras share need to know.
struct MethodCall {
  Gateway& g;
  const Incoming& in;
  const Message& message;
  std::string client;   // as it introduced itself, for the log
  std::string session;  // legacy only
  bool modern = false;
};

// An error reply as an HTTP answer.
[[nodiscard]] inline Response response_of(const RpcError& error) {
  return {.status = error.status, .body = error_body(error)};
}

[[nodiscard]] inline RpcError rpc_error(const MethodCall& call, int code, std::string message) {
  return {.code = code, .message = std::move(message), .id = call.message.id};
}

}  // namespace mcpbox::gateway
