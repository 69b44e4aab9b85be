// Runs in the monitor.  The readable log beside the chain: bytes from children go into bytea columns unread.
#include <algorithm>

#include "privsep/monitor/call_end.h"
#include "privsep/monitor/calls.h"
#include "privsep/monitor/monitor.h"
#include "privsep/monitor/sql.h"

namespace mcpbox::monitor {
namespace limits = policy::limits;

namespace {

constexpr std::uint32_t kMostDenied = 1'000'000;  // of a call, in its log

Param bytes_or_null(std::string_view bytes) { return bytes.empty() ? Param::null() : Param::raw(bytes); }

}  // namespace

// Of an egress that died or is silent, what it reported before is all that is known.
loop::Task<protocol::NetworkUse> Calls::network_use(CallPointer call) {
  protocol::NetworkUse use;
  if (call->network_use) {
    const base::Result<protocol::NetworkUse> told = co_await call->network_use->result();
    if (told) use = *told;
  }
  use.requests = std::min(use.requests, limits::kRequestsPerCall);  // a stolen egress says what it likes
  use.denied = std::clamp(use.denied, call->egress_denied, kMostDenied);
  m_.meters.network_used(use);
  co_return use;
}

void Calls::write_log(const Call& call, const protocol::CallResult& result,
                      const base::Result<protocol::Outcome>& outcome,
                      const base::Result<protocol::SpareEnded>& ending, protocol::NetworkUse use) {
  const std::int64_t end_ms = call.ended_ms != 0 ? call.ended_ms : m_.clock.steady_ms();
  const std::int64_t start_ms = call.started_ms != 0 ? call.started_ms : end_ms;
  m_.meters.call_took(end_ms - start_ms, start_ms - call.opened_ms);
  const Tool* tool = m_.catalogue.find_tool(call.job.tool);
  const Server* server = m_.catalogue.find_server(call.server);
  if (tool == nullptr || server == nullptr) return;  // deleted meanwhile: its log went with it
  const std::string_view error =
      outcome ? std::string_view(outcome->log_error) : std::string_view(result.explanation);
  Statement row{
      .sql = &sql::kInsertExecution,
      .params = {
          Param::uuid(call.id),
          Param::uuid(tool->id),
          Param::uuid(server->id),
          Param::text(server->name),
          Param::text(tool->name),
          Param::digest(call.digest),
          Param::integer(tool->version),
          Param::text(call.job.caller.who),
          Param::integer(call.job.caller.uid),
          Param::text(call.job.client),
          Param::integer(end_ms - start_ms),
          Param::integer(start_ms - call.opened_ms),
          ending ? Param::integer(static_cast<std::int64_t>(ending->peak_memory_bytes)) : Param::null(),
          bytes_or_null(call.job.arguments_log),
          outcome ? bytes_or_null(outcome->log_result) : Param::null(),
          outcome ? bytes_or_null(outcome->log_output) : Param::null(),
          bytes_or_null(error),
          Param::boolean(call.job.mode == protocol::RunMode::kTest),
          Param::boolean(result.end == protocol::CallEnd::kOk),
          Param::text(name_of(result.end)),
          Param::integer(m_.clock.now_ms() - (m_.clock.steady_ms() - call.opened_ms)),
          Param::integer(use.requests),
          Param::integer(use.denied),
      }};
  m_.store.write_text(std::move(row));
}

}  // namespace mcpbox::monitor
