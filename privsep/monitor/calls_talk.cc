// Runs in the monitor.  What calls and clients say to each other: who may, how much, and who may answer.
// Every byte of it is opaque here.
#include <algorithm>

#include "privsep/monitor/call_end.h"
#include "privsep/monitor/calls.h"
#include "privsep/monitor/monitor.h"

namespace mcpbox::monitor {

namespace limits = policy::limits;
using base::Why;
using protocol::AskKind;
using protocol::ClientCan;

static_assert(limits::kQuestionsPerCaller == 4 && limits::kQuestionMs == 300'000 &&
                  limits::kWaitForClientMs == 900'000,
              "the words below name these figures");

namespace {

constexpr base::Error kNotRunning{Why::kInvalid, "a call child spoke without a running call"};

// Which of the client's lists a tool said to have changed; 0 when it said something else.
std::uint32_t list_that_changed(protocol::SayKind kind) {
  using enum protocol::SayKind;
  if (kind == kToolsChanged) return protocol::kToolList;
  if (kind == kPromptsChanged) return protocol::kPromptList;
  return kind == kResourcesChanged ? protocol::kResourceList : 0;
}

// A session is only as good as what its client declared in it.
std::uint32_t needed_for(const protocol::AskClient& question) {
  if (question.kind == AskKind::kSample) return ClientCan::kSample;
  if (question.kind == AskKind::kRoots) return ClientCan::kRoots;
  return question.by_url ? ClientCan::kElicitUrl : ClientCan::kElicitForm;
}

}  // namespace

Calls::CallPointer Calls::running_in(const Spare& child) {
  const auto found = calls_.find(child.work().call);
  if (found == calls_.end() || found->second->child.get() != &child || !found->second->went) return nullptr;
  return found->second;
}

base::Result<void> Calls::say(const Spare& from, protocol::Say line) {
  const CallPointer call = running_in(from);
  if (call == nullptr) return std::unexpected(kNotRunning);
  if (!call->talk.line(m_.clock.steady_ms())) {
    kill(*call, Killed::kFlood);
    return {};
  }
  if (line.kind != protocol::SayKind::kProgress && line.kind != protocol::SayKind::kLog) {
    tell_everybody(*call, std::move(line));
    return {};
  }
  const std::shared_ptr<Peer> gateway = call->job.asker.lock();
  if (gateway == nullptr || gateway->link == nullptr) return {};
  // A gateway that is behind loses these lines, never answers: they are queued without a bound like this.
  if (gateway->link->queued_bytes() + line.json.size() > limits::kLinesQueueBytes) return {};
  protocol::CallSaid notice{.request = call->job.request, .kind = line.kind, .json = std::move(line.json)};
  return gateway->link->notify(notice);
}

// Only in the name of the tool's own server, and not from a draft.
void Calls::tell_everybody(const Call& call, protocol::Say line) {
  const Server* server = m_.catalogue.find_server(call.server);
  if (server == nullptr || call.job.mode == protocol::RunMode::kTest) return;
  if (const std::uint32_t list = list_that_changed(line.kind); list != 0)
    return m_.tools_changed(server->name, list);
  m_.children.each_gateway([&](loop::Link& gateway) {
    if (gateway.queued_bytes() + line.json.size() > limits::kLinesQueueBytes) return;
    protocol::ResourceUpdated notice{.server = server->name, .json = line.json};
    [[maybe_unused]] const base::Result<void> sent = gateway.notify(notice);
  });
}

base::Result<void> Calls::may_ask(const Call& call, const protocol::AskClient& question) const {
  if (call.job.mode == protocol::RunMode::kTest) return base::fail(Why::kRefused, words::kDraftAsks);
  if (!call.job.session)
    return base::fail(Why::kRefused, "a call of 2026-07-28 asks by its result, not while it runs");
  if ((call.job.session->can & needed_for(question)) == 0)
    return base::fail(Why::kRefused, "the client did not declare that it can be asked this");
  std::size_t open = 0;
  for (const auto& [id, other] : calls_)
    open += other->job.caller.who == call.job.caller.who ? other->talk.open() : 0;
  if (open >= limits::kQuestionsPerCaller)
    return base::fail(Why::kBusy, "4 questions of this caller's calls are unanswered: answer one first");
  if (call.waited_ms >= limits::kWaitForClientMs)
    return base::fail(Why::kTimeout, "the call has waited for its client for 15 minutes in all: enough");
  return {};
}

loop::Task<protocol::ClientAnswer> Calls::ask_client(std::shared_ptr<Spare> from,
                                                     protocol::AskClient question) {
  const CallPointer call = running_in(*from);
  if (call == nullptr) co_return std::unexpected(kNotRunning);
  const base::Result<void> may = may_ask(*call, question);
  if (!may) co_return std::unexpected(may.error());
  const std::shared_ptr<Peer> gateway = call->job.asker.lock();
  if (gateway == nullptr || gateway->link == nullptr)
    co_return base::fail(Why::kCancelled, words::kWithdrawn);
  base::Result<Conversation::Question> asked = call->talk.ask();
  if (!asked) co_return std::unexpected(asked.error());
  protocol::CallAsked notice{.request = call->job.request,
                             .question = asked->number,
                             .kind = question.kind,
                             .params = std::move(question.params)};
  const base::Result<void> sent = gateway->link->notify(notice);
  if (!sent) co_return std::unexpected(sent.error());
  loop::Timer patience(m_.loop, [answer = asked->answer]() mutable {
    answer.resolve(base::fail(Why::kTimeout, "nobody answered within 5 minutes"));
  });
  patience.start(std::min(limits::kQuestionMs, limits::kWaitForClientMs - call->waited_ms));
  pause_deadline(*call);
  base::Result<protocol::ClientAnswer> answer = co_await asked->answer.result();
  call->talk.forget(asked->number);
  resume_deadline(*call);
  co_return answer;
}

// The time in which a person thinks is not the tool's.
void Calls::pause_deadline(Call& call) {
  if (call.talk.open() != 1 || call.deadline == nullptr) return;
  call.asked_ms = m_.clock.steady_ms();
  call.deadline->stop();
}

void Calls::resume_deadline(Call& call) {
  if (call.talk.open() != 0 || call.deadline == nullptr) return;
  const std::int64_t waited = m_.clock.steady_ms() - call.asked_ms;
  call.waited_ms += waited;
  call.deadline_ms += waited;
  call.deadline->start(std::max<std::int64_t>(1, call.deadline_ms - m_.clock.steady_ms()));
}

base::Result<void> Calls::answer(Instance gateway, const std::string& who, protocol::AnswerCall answer) {
  for (auto& [id, call] : calls_) {
    const bool asked_him = call->job.gateway == gateway && call->job.request == answer.request &&
                           call->job.caller.who == who && call->job.session &&
                           call->job.session->id == answer.session;
    if (!asked_him) continue;
    protocol::ClientAnswer given{.refused = answer.refused, .answer = std::move(answer.answer)};
    const CallPointer keep = call;  // answering resumes it, and it may leave this list
    if (keep->talk.answer(answer.question, std::move(given))) return {};
    break;
  }
  return base::fail(Why::kNotFound, words::kNoQuestion);
}

void Calls::seal_state(const Call& call, protocol::Outcome& outcome, protocol::CallResult& result) {
  if (call.job.session || call.job.mode == protocol::RunMode::kTest) {
    result.end = protocol::CallEnd::kToolError;
    result.result.clear();
    result.explanation = std::string("The tool asked its caller something, which this run has no way to do.");
    return;
  }
  result.request_state = m_.request_states.seal(
      {.who = call.job.caller.who, .tool = call.job.tool, .digest = call.digest}, outcome.state);
}

}  // namespace mcpbox::monitor
