// Runs in the monitor.  Decides, at open and again at go, whether exactly this digest may run; trusts the
// child for nothing but its own answer.
#include "privsep/monitor/calls.h"

#include <algorithm>

#include "privsep/monitor/call_end.h"
#include "privsep/monitor/ids.h"
#include "privsep/monitor/keys.h"
#include "privsep/monitor/monitor.h"

namespace mcpbox::monitor {

namespace limits = policy::limits;
using base::Why;

namespace {

constexpr base::Error kFrozen{
    Why::kRefused, "MCPbox is frozen: an administrator must run `mcpboxctl thaw` before any tool runs"};

}  // namespace

loop::Task<protocol::CallResult> Calls::run(Job job) {
  base::Result<CallPointer> admitted = admit(std::move(job));
  if (!admitted) co_return std::unexpected(admitted.error());
  const CallPointer call = *admitted;
  calls_.emplace(call->id, call);
  tasks_.spawn(carry_out(call));
  base::Result<protocol::CallResult> result = co_await call->result.result();
  co_return result;
}

// May this caller run this tool now?  Everything is looked up here, nothing is taken from the asker.
base::Result<Calls::CallPointer> Calls::admit(Job job) {
  if (m_.frozen) return std::unexpected(kFrozen);
  const Tool* tool = m_.catalogue.find_tool(job.tool);
  const bool test = job.mode == protocol::RunMode::kTest;
  if (tool == nullptr || (!test && !m_.catalogue.published(*tool)))
    return base::fail(Why::kNotFound, "no such tool is published");
  std::uint32_t of_server = 0;
  std::uint32_t tests_of_caller = 0;
  for (const auto& [id, call] : calls_) {
    of_server += call->server == tool->server ? 1 : 0;
    tests_of_caller +=
        call->job.mode == protocol::RunMode::kTest && call->job.caller.who == job.caller.who ? 1 : 0;
  }
  if (calls_.size() >= limits::kCallsInFlight)
    return base::fail(Why::kBusy, "256 calls are running: nothing was executed, try again in a moment");
  if (of_server >= limits::kCallsPerServer)
    return base::fail(Why::kBusy,
                      "32 calls of this server are running: nothing was executed, try again in a moment");
  if (test && tests_of_caller >= limits::kTestsPerCaller)
    return base::fail(Why::kBusy,
                      "a draft run of yours is still running: wait for its result, then try again");
  auto call = std::make_shared<Call>();
  call->id = random_id();
  call->job = std::move(job);
  call->server = tool->server;
  call->digest = digest_of_tool(*tool);
  call->opened_ms = m_.clock.steady_ms();
  return call;
}

loop::Task<> Calls::carry_out(CallPointer call) {
  loop::Later<std::uint64_t> intent;
  tasks_.spawn(record_intent(call, intent));
  base::Result<protocol::Outcome> outcome = co_await loop::attempt(prepare_and_go(call, intent));
  const base::Result<std::uint64_t> intended = co_await intent.result();
  if (!intended) {
    calls_.erase(call->id);
    call->result.resolve(base::fail(
        Why::kRefused, "the audit log cannot be written, so nothing may run: tell the administrator"));
    co_return loop::Nothing{};
  }
  base::Result<protocol::SpareEnded> ending = base::fail(Why::kBroken, "not asked");
  if (!outcome && call->child != nullptr) call->child->kill();  // it is of no use any more
  if (!outcome) ending = co_await loop::attempt(how_it_ended(call));
  protocol::CallResult result = conclude(*call, outcome, ending);
  AuditRecord record{.kind = AuditKind::kCallOutcome,
                     .actor = call->job.caller.who,
                     .action = call->job.mode == protocol::RunMode::kTest ? "test" : "call",
                     .subject = call->job.tool,
                     .call = call->id,
                     .digest = call->digest,
                     .number = static_cast<std::int64_t>(result.end)};
  const base::Result<std::uint64_t> recorded = co_await loop::attempt(m_.store.append(std::move(record)));
  if (!recorded && call->went) result = unrecorded(*call);
  calls_.erase(call->id);
  if (!outcome && !call->went && call->killed == Killed::kNot)
    call->result.resolve(std::unexpected(outcome.error()));  // nothing was executed: say why
  else
    call->result.resolve(result);
  if (outcome) ending = co_await loop::attempt(how_it_ended(call));
  write_log(*call, result, outcome, ending);
  call->child.reset();
  co_return loop::Nothing{};
}

loop::Task<> Calls::record_intent(CallPointer call, loop::Later<std::uint64_t> done) {
  const wire::Digest body = digest_of({call->job.body});
  AuditRecord record{.kind = AuditKind::kCallIntent,
                     .actor = call->job.caller.who,
                     .action = call->job.mode == protocol::RunMode::kTest ? "test" : "call",
                     .subject = call->job.tool,
                     .call = call->id,
                     .digest = call->digest,
                     .payload = std::string(view_of(body))};
  base::Result<std::uint64_t> sequence = co_await loop::attempt(m_.store.append(std::move(record)));
  done.resolve(sequence);
  co_return loop::Nothing{};
}

// Fork, compile and load overlap the intent's commit; only "go" waits for it.
loop::Task<protocol::Outcome> Calls::prepare_and_go(CallPointer call, loop::Later<std::uint64_t> intent) {
  const Tool* tool = m_.catalogue.find_tool(call->job.tool);
  if (tool == nullptr) co_return base::fail(Why::kNotFound, "no such tool is published");
  const bool test = call->job.mode == protocol::RunMode::kTest;
  protocol::Prepare order{
      .mode = call->job.mode,
      .wire_name = call->job.wire_name,
      .source = tool->code,
      .input_schema = tool->input_schema,
      .timeout_ms = test ? std::min(tool->timeout_ms, limits::kTestTimeoutMs) : tool->timeout_ms,
      .cpu_seconds = test ? limits::kTestCpuSeconds : 0};
  call->timeout_ms = order.timeout_ms;
  const std::shared_ptr<const protocol::Compiled> compiled = co_await m_.compiler.compile(order.source);
  if (!compiled->report.valid)
    co_return base::fail(Why::kInvalid, "the stored code does not compile any more");
  order.code = compiled->code;
  call->child = co_await m_.spares.take(limits::kSparePatienceMs);
  if (call->killed != Killed::kNot) co_return base::fail(Why::kCancelled, "the call was withdrawn");
  loop::Timer patience(m_.loop, [child = call->child] { child->kill(); });
  patience.start(limits::kPrepareTimeoutMs);
  const protocol::Done ready = co_await call->child->link().ask(order);
  static_cast<void>(ready);
  patience.stop();
  const base::Result<std::uint64_t> intended = co_await intent.result();
  if (!intended) co_return std::unexpected(intended.error());
  const base::Result<void> still = check_again(*call);
  if (!still) co_return std::unexpected(still.error());
  protocol::Outcome outcome = co_await go(call);
  co_return outcome;
}

// The same question as in admit(), at the last instant before the tool's code runs.
base::Result<void> Calls::check_again(const Call& call) const {
  if (m_.frozen) return std::unexpected(kFrozen);
  if (call.killed != Killed::kNot) return base::fail(Why::kCancelled, "the call was withdrawn");
  const Tool* tool = m_.catalogue.find_tool(call.job.tool);
  const bool test = call.job.mode == protocol::RunMode::kTest;
  if (tool == nullptr || (!test && !m_.catalogue.published(*tool)))
    return base::fail(Why::kNotFound, "no such tool is published");
  if (!Keys::same(digest_of_tool(*tool), call.digest))
    return base::fail(Why::kConflict,
                      "the tool was changed while the call was starting: nothing was executed");
  return {};
}

loop::Task<protocol::Outcome> Calls::go(CallPointer call) {
  call->went = true;
  call->started_ms = m_.clock.steady_ms();
  loop::Timer deadline(m_.loop, [call] { kill(*call, Killed::kDeadline); });
  deadline.start(call->timeout_ms + limits::kDeadlineGraceMs);
  protocol::Go order{.body = call->job.body};
  protocol::Outcome outcome = co_await call->child->link().ask(order);
  call->ended_ms = m_.clock.steady_ms();
  co_return outcome;
}

loop::Task<protocol::SpareEnded> Calls::how_it_ended(CallPointer call) {
  if (call->ended_ms == 0) call->ended_ms = m_.clock.steady_ms();
  if (call->child == nullptr) co_return base::fail(Why::kBroken, "there was no process");
  loop::Later<protocol::SpareEnded> ending = call->child->ending();
  loop::Timer patience(m_.loop, [ending, child = call->child]() mutable {
    child->kill();
    ending.resolve(base::fail(Why::kTimeout, "nobody said how the process ended"));
  });
  patience.start(limits::kEndingPatienceMs);
  base::Result<protocol::SpareEnded> ended = co_await ending.result();
  co_return ended;
}

void Calls::kill(Call& call, Killed why) {
  if (call.killed == Killed::kNot) call.killed = why;
  if (call.child != nullptr) call.child->kill();
}

void Calls::cancel(Instance gateway, const wire::Id& request) {
  for (auto& [id, call] : calls_)
    if (call->job.gateway == gateway && call->job.request == request) kill(*call, Killed::kCancelled);
}

void Calls::cancel_all_of(Instance gateway) {
  for (auto& [id, call] : calls_)
    if (call->job.gateway == gateway) kill(*call, Killed::kCancelled);
}

void Calls::kill_calls_of_tool(const wire::Id& tool) {
  for (auto& [id, call] : calls_)
    if (call->job.tool == tool) kill(*call, Killed::kAuthority);
}

void Calls::kill_all() {
  for (auto& [id, call] : calls_) kill(*call, Killed::kAuthority);
}

}  // namespace mcpbox::monitor
