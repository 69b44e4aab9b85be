// Runs in the monitor.  Decides, at open and again at go, whether exactly this digest may run; trusts the
// child for nothing but its own answer.
#include "privsep/monitor/calls.h"

#include <sodium.h>

#include <algorithm>

#include "privsep/monitor/call_end.h"
#include "privsep/monitor/ids.h"
#include "privsep/monitor/keys.h"
#include "privsep/monitor/monitor.h"

namespace mcpbox::monitor {

namespace limits = policy::limits;
using base::Why;

namespace {

constexpr base::Error kFrozen{Why::kRefused, words::kFrozen};

struct WipedSecrets {
  protocol::Go& order;
  explicit WipedSecrets(protocol::Go& o) : order(o) {}
  WipedSecrets(const WipedSecrets&) = delete;
  WipedSecrets& operator=(const WipedSecrets&) = delete;
  ~WipedSecrets() {
    for (protocol::CallSecret& secret : order.secrets)
      sodium_memzero(secret.value.data(), secret.value.size());
  }
};

// From "go" to the end; 0 of what did not get that far.
std::int64_t ran_ms(const Call& call, std::int64_t now_ms) {
  if (!call.went) return 0;
  return (call.ended_ms != 0 ? call.ended_ms : now_ms) - call.started_ms;
}

}  // namespace

loop::Task<protocol::CallResult> Calls::run(Job job) {
  AuditRecord refusal{
      .kind = AuditKind::kRefusal, .actor = job.caller.who, .action = "call_refused", .subject = job.tool};
  base::Result<CallPointer> admitted = admit(std::move(job));
  if (!admitted) {
    refusal.payload = admitted.error().text;
    m_.repeats.note(std::move(refusal));
    co_return std::unexpected(admitted.error());
  }
  const CallPointer call = *admitted;
  calls_.emplace(call->id, call);
  tasks_.spawn(carry_out(call));
  base::Result<protocol::CallResult> result = co_await call->result.result();
  co_return result;
}

// May this caller run this tool now?  Everything is looked up here, nothing is taken from the asker.
base::Result<Calls::CallPointer> Calls::admit(Job job) {
  if (m_.frozen) return std::unexpected(kFrozen);
  if (m_.draining) return base::fail(Why::kBusy, words::kStopping);
  const Tool* tool = m_.catalogue.find_tool(job.tool);
  const bool test = job.mode == protocol::RunMode::kTest;
  if (tool == nullptr || (!test && !m_.catalogue.published(*tool)))
    return base::fail(Why::kNotFound, words::kNoSuchTool);
  // A test of what may be called runs as a call does.
  job.draft = test && (job.draft || !m_.catalogue.published(*tool));
  const base::Result<void> room = check_room(*tool, job);
  if (!room) return std::unexpected(room.error());
  auto call = std::make_shared<Call>();
  call->id = random_id();
  call->job = std::move(job);
  call->server = tool->server;
  call->digest = digest_of_tool(*tool);
  if (!call->job.request_state.empty()) {
    base::Result<RequestStates::Opened> state = m_.request_states.open(
        {.who = call->job.caller.who, .tool = tool->id, .digest = call->digest}, call->job.request_state);
    if (!state) return std::unexpected(state.error());
    call->state = std::move(*state);
  }
  call->opened_ms = m_.clock.steady_ms();
  return call;
}

base::Result<void> Calls::check_room(const Tool& tool, const Job& job) const {
  const auto is_draft_of_caller = [&job](const Call& call) {
    return call.job.draft && call.job.caller.who == job.caller.who;
  };
  std::uint32_t of_server = 0;
  std::uint32_t drafts_of_caller = 0;
  for (const auto& [id, call] : calls_) {
    of_server += call->server == tool.server ? 1 : 0;
    drafts_of_caller += is_draft_of_caller(*call) ? 1 : 0;
  }
  if (calls_.size() >= limits::kCallsInFlight) return base::fail(Why::kBusy, words::kTooManyCalls);
  if (of_server >= limits::kCallsPerServer) return base::fail(Why::kBusy, words::kTooManyOfServer);
  if (job.draft && drafts_of_caller >= limits::kTestsPerCaller)
    return base::fail(Why::kBusy, words::kDraftRuns);
  return {};
}

loop::Task<> Calls::carry_out(CallPointer call) {
  loop::Later<std::uint64_t> intent;
  tasks_.spawn(record_intent(call, intent));
  base::Result<protocol::Outcome> outcome = co_await loop::attempt(prepare_and_go(call, intent));
  call->talk.end();
  const base::Result<std::uint64_t> intended = co_await intent.result();
  if (!intended) {
    calls_.erase(call->id);
    const bool later = intended.error().why == Why::kBusy;  // too many, or no room on the disk: it says so
    call->result.resolve(later ? base::Result<protocol::CallResult>(std::unexpected(intended.error()))
                               : base::fail(Why::kRefused, words::kNoAudit));
    co_return loop::Nothing{};
  }
  m_.egress.close(call->id);
  base::Result<protocol::SpareEnded> ending = base::fail(Why::kBroken, "not asked");
  if (!outcome) find_fault(*call);
  if (!outcome) ending = co_await loop::attempt(how_it_ended(call));
  protocol::CallResult result = conclude(*call, outcome, ending);
  if (result.end == protocol::CallEnd::kInputRequired) seal_state(*call, *outcome, result);
  AuditRecord record{.kind = AuditKind::kCallOutcome,
                     .actor = call->job.caller.who,
                     .action = call->job.mode == protocol::RunMode::kTest ? "test" : "call",
                     .subject = call->job.tool,
                     .call = call->id,
                     .digest = call->digest,
                     .number = static_cast<std::int64_t>(result.end),
                     .payload = "duration_ms=" + std::to_string(ran_ms(*call, m_.clock.steady_ms()))};
  const base::Result<std::uint64_t> recorded = co_await loop::attempt(m_.store.append(std::move(record)));
  if (!recorded && call->went) result = unrecorded(*call);
  calls_.erase(call->id);
  if (!outcome && !call->went && call->killed == Killed::kNot)
    call->result.resolve(std::unexpected(before_go(outcome.error())));  // nothing was executed: say why
  else
    call->result.resolve(result);
  if (outcome) ending = co_await loop::attempt(how_it_ended(call));
  call->child.reset();
  const protocol::NetworkUse use = co_await network_use(call);
  write_log(*call, result, outcome, ending, use);
  co_return loop::Nothing{};
}

// The child is of no use any more.  One whose link has ended is most likely dying, and how is worth knowing:
// how_it_ended() gives it a moment, and looks again.
void Calls::find_fault(Call& call) {
  if (call.child == nullptr || !call.child->alive()) return;
  if (call.went) call.fault = Fault::kNoReport;
  call.child->kill();
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
  if (tool == nullptr) co_return base::fail(Why::kNotFound, words::kNoSuchTool);
  const bool draft = call->job.draft;
  const std::uint32_t own_limit = m_.catalogue.timeout_ms_of(*tool);
  protocol::Prepare order{.mode = call->job.mode,
                          .wire_name = call->job.wire_name,
                          .source = tool->code,
                          .input_schema = std::string_view(tool->input_schema),
                          .output_schema = std::string_view(tool->output_schema),
                          .kind = tool->kind,
                          .method = call->job.method,
                          .uri = tool->uri_template,
                          .timeout_ms = draft ? std::min(own_limit, limits::kTestTimeoutMs) : own_limit,
                          .cpu_seconds = draft ? limits::kTestCpuSeconds : 0};
  call->timeout_ms = order.timeout_ms;
  protocol::Compile source{.source = order.source};
  const std::shared_ptr<const protocol::Compiled> compiled =
      co_await m_.compiler.compile(std::move(source), call->server, call->compiling);
  if (!compiled->report.valid) co_return base::fail(Why::kInvalid, words::kStaleCode);
  order.code = compiled->code;
  Flavour flavour = flavour_for(m_.grants, compiled->report.modules);
  call->network = !draft && std::ranges::find(flavour.packages, kNetworkPackage) != flavour.packages.end();
  const loop::Nothing got = co_await get_child(call, std::move(flavour));
  static_cast<void>(got);
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

// Waits for its turn first, so that calls in the queue cost no process.
loop::Task<> Calls::get_child(CallPointer call, Flavour flavour) {
  if (call->killed != Killed::kNot) co_return base::fail(Why::kCancelled, words::kWithdrawn);
  if (flavour.packages.size() > limits::kPackagesPerFlavour)
    co_return base::fail(Why::kInvalid, words::kTooManyPackages);
  call->flavour = flavour;
  call->place = m_.slots.enqueue(call->server);
  Slots::TurnPointer turn = co_await m_.slots.wait(call->place, limits::kTurnPatienceMs);
  call->child = co_await m_.spares.take(std::move(flavour), m_.spare_patience_ms);
  const Work work{.tool = call->job.tool, .call = call->id, .digest = call->digest};
  call->child->work_in(std::move(turn), work);
  if (call->killed != Killed::kNot) co_return base::fail(Why::kCancelled, words::kWithdrawn);
  co_return loop::Nothing{};
}

// The same question as in admit(), at the last instant before the tool's code runs.
base::Result<void> Calls::check_again(const Call& call) const {
  if (m_.frozen) return std::unexpected(kFrozen);
  if (call.killed != Killed::kNot) return base::fail(Why::kCancelled, words::kWithdrawn);
  const Tool* tool = m_.catalogue.find_tool(call.job.tool);
  if (tool == nullptr || (!call.job.draft && !m_.catalogue.published(*tool)))
    return base::fail(Why::kNotFound, words::kNoSuchTool);
  if (!Keys::same(digest_of_tool(*tool), call.digest)) return base::fail(Why::kConflict, words::kChanged);
  if (!still_allowed(m_.grants, call.flavour)) return base::fail(Why::kConflict, words::kModuleRevoked);
  return {};
}

loop::Task<protocol::Outcome> Calls::go(CallPointer call) {
  if (call->state && !m_.request_states.redeem(call->state->id))
    co_return base::fail(Why::kInvalid, words::kStateUsed);
  call->went = true;
  call->started_ms = m_.clock.steady_ms();
  const std::int64_t patience = call->timeout_ms + limits::kDeadlineGraceMs;
  call->deadline_ms = call->started_ms + patience;
  // It belongs to the call: it must not keep the call alive.
  call->deadline =
      std::make_unique<loop::Timer>(m_.loop, [this, raw = call.get()] { kill(*raw, Killed::kDeadline); });
  call->deadline->start(patience);
  // A dialer that does not answer costs the call its time, not the monitor a call without an end.
  const base::Result<loop::Nothing> connected = co_await loop::attempt(connect(call));
  if (!connected) m_.log.warn("a call goes without a network", {{"why", connected.error().text}});
  protocol::Go order{.body = call->job.body, .legacy = call->job.session.has_value()};
  if (call->job.session) {
    order.can = call->job.session->can;
    order.log_level = call->job.session->log_level;
  }
  if (call->state) order.state = std::move(call->state->state);
  const base::Result<void> opened = put_secrets(*call, order);
  if (!opened) co_return std::unexpected(opened.error());
  const WipedSecrets wiped(order);
  base::Result<protocol::Outcome> asked = co_await loop::attempt(call->child->link().ask(order));
  call->deadline.reset();
  if (!asked) co_return std::unexpected(asked.error());
  protocol::Outcome outcome = std::move(*asked);
  call->ended_ms = m_.clock.steady_ms();
  call->child->yield();
  co_return outcome;
}

// The end of its socket that is not handed on is closed: the child then knows that there is no network.
loop::Task<> Calls::connect(CallPointer call) {
  base::Fd socket = call->child->take_egress();
  if (!call->network) co_return loop::Nothing{};
  const loop::Nothing opened = co_await m_.egress.open(*call, std::move(socket));
  co_return opened;
}

// What the tool's `secrets` holds: values of the exposed ones, placeholders for the sealed ones.  A draft run
// has none.
base::Result<void> Calls::put_secrets(Call& call, protocol::Go& order) const {
  if (call.job.draft) return {};
  for (const StoredSecret* secret : m_.secrets.of_server(call.server)) {
    if (!secret->has_value()) continue;
    protocol::CallSecret entry{.key = std::string_view(secret->key)};
    if (secret->exposed()) {
      const base::Result<Plain> value = value_of(m_.keys, *secret);
      if (!value) return std::unexpected(value.error());
      entry.value = value->view();
      entry.redact = m_.policy.redacts();
    } else {
      entry.value = "mcpbox-secret-" + hex_of(random_bits());
      call.placeholders[entry.value] = secret->key;
    }
    order.secrets.push_back(std::move(entry));
  }
  return {};
}

const StoredSecret* Calls::secret_behind(const wire::Id& call, const std::string& placeholder) const {
  const auto found = calls_.find(call);
  if (found == calls_.end()) return nullptr;
  const auto key = found->second->placeholders.find(placeholder);
  if (key == found->second->placeholders.end()) return nullptr;
  for (const StoredSecret* secret : m_.secrets.of_server(found->second->server))
    if (secret->key == key->second && secret->has_value() && !secret->exposed()) return secret;
  return nullptr;
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
  loop::Timer hang_up(m_.loop, [call] {
    if (call->fault == Fault::kNone) call->fault = Fault::kHungUp;
    call->child->kill();
  });
  if (!call->child->alive()) hang_up.start(limits::kHangUpGraceMs);
  base::Result<protocol::SpareEnded> ended = co_await ending.result();
  if (call->child->broke_protocol()) call->fault = Fault::kBrokeProtocol;
  co_return ended;
}

void Calls::waits(const wire::Id& call) {
  const auto found = calls_.find(call);
  if (found == calls_.end() || !found->second->went) return;
  tasks_.spawn(watch_memory(found->second));
}

// Where nobody can look, it keeps the room that it was admitted with.
loop::Task<> Calls::watch_memory(CallPointer call) {
  base::Result<base::Fd> pidfd = call->child->pidfd();
  if (!pidfd) co_return std::unexpected(pidfd.error());
  base::Fd stat = co_await m_.launcher.look_into(std::move(*pidfd));
  if (call->child == nullptr) co_return loop::Nothing{};
  m_.memory_watch.add(call->child->turn(), std::move(stat), [this, weak = std::weak_ptr<Call>(call)] {
    if (const CallPointer grown = weak.lock()) kill(*grown, Killed::kMemory);
  });
  co_return loop::Nothing{};
}

void Calls::kill(Call& call, Killed why) {
  if (call.killed == Killed::kNot) call.killed = why;
  // From the loop: it ends the call, while the caller of this walks through all of them.
  m_.loop.soon([place = call.place, compiling = call.compiling]() mutable {
    place.resolve(base::fail(Why::kCancelled, words::kWithdrawn));
    compiling->place.resolve(base::fail(Why::kCancelled, words::kWithdrawn));
    if (const std::shared_ptr<Spare> child = compiling->child.lock()) child->kill();
  });
  if (call.child != nullptr) call.child->kill();
  m_.egress.close(call.id);
}

Call* Calls::find(const wire::Id& id) {
  const auto found = calls_.find(id);
  return found == calls_.end() ? nullptr : found->second.get();
}

const Call* Calls::find(const wire::Id& id) const {
  const auto found = calls_.find(id);
  return found == calls_.end() ? nullptr : found->second.get();
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

void Calls::kill_calls_with_package(std::string_view package) {
  for (auto& [id, call] : calls_)
    if (std::ranges::find(call->flavour.packages, package) != call->flavour.packages.end())
      kill(*call, Killed::kAuthority);
}

void Calls::kill_calls_of_caller(const std::string& who) {
  for (auto& [id, call] : calls_)
    if (call->job.caller.who == who) kill(*call, Killed::kAuthority);
}

void Calls::kill_for_stop() {
  for (auto& [id, call] : calls_) kill(*call, Killed::kStop);
}

void Calls::kill_all() {
  for (auto& [id, call] : calls_) kill(*call, Killed::kAuthority);
}

}  // namespace mcpbox::monitor
