// Runs in the gateways.  Trusts nothing: what a call says was made by a child that may be stolen, an answer
// by a client that may answer another's question.
// MCP server/utilities/progress and logging, client/elicitation, sampling and roots, basic/patterns/mrtr.
#include "gateway/talk.h"

#include <array>

#include "gateway/streams.h"
#include "policy/limits.h"
#include "privsep/http/base64.h"
#include "privsep/http/ids.h"
#include "privsep/http/json_check.h"

namespace mcpbox::gateway {
namespace {

using protocol::AskKind;
using protocol::ClientCan;

constexpr std::array<std::string_view, 8> kLevels = {"debug", "info",     "notice", "warning",
                                                     "error", "critical", "alert",  "emergency"};

constexpr std::string_view method_of(AskKind kind) {
  if (kind == AskKind::kSample) return "sampling/createMessage";
  return kind == AskKind::kRoots ? "roots/list" : "elicitation/create";
}

// Begins the event stream with the first thing that is said, so that a call that says nothing is answered
// with plain JSON.
bool can_speak(CallInFlight& call) {
  if (call.exchange == nullptr || !call.exchange->open() || call.withdrawn || !call.streams) return false;
  if (!call.exchange->streaming()) call.exchange->begin_stream({});
  return true;
}

Task<Nothing> send_answer(Gateway& g, protocol::AnswerCall answer) {
  const base::Result<protocol::Done> taken = co_await attempt(g.monitor->ask(answer));
  static_cast<void>(taken);  // a call that is over has no use for it
  co_return Nothing{};
}

void refuse_question(Gateway& g, const CallInFlight& call, std::uint32_t question, std::string_view why) {
  protocol::AnswerCall answer{.ticket = call.ticket,
                              .session = call.session,
                              .request = call.request,
                              .question = question,
                              .refused = true,
                              .answer = why};
  g.tasks.spawn(send_answer(g, std::move(answer)));
}

// Only what the specification has; a member of another type is left out.
void put_text(Object& out, const json_t* from, const char* key) {
  const json_t* value = json_object_get(from, key);
  if (json_is_string(value)) out.text(key, text_of(value));
}

bool is_input_request(const json_t* value) {
  const std::string_view method = text_of(json_object_get(value, "method"));
  return json_is_object(json_object_get(value, "params")) &&
         (method == method_of(AskKind::kElicit) || method == method_of(AskKind::kSample) ||
          method == method_of(AskKind::kRoots));
}

}  // namespace

std::string progress_notification(std::string_view json, std::string_view token) {
  const Json said = parse_object(json);
  json_t* done = json_object_get(said.get(), "progress");
  if (!json_is_number(done) || token.empty()) return {};
  Object more;
  more.json("progress", Json(json_incref(done)));
  json_t* total = json_object_get(said.get(), "total");
  if (json_is_number(total)) more.json("total", Json(json_incref(total)));
  put_text(more, said.get(), "message");
  const std::string inside = compact(more.take().get());
  return R"({"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":)" +
         std::string(token) + "," + inside.substr(1) + "}";
}

std::string log_notification(std::string_view json) {
  const Json said = parse_object(json);
  const std::string_view level = text_of(json_object_get(said.get(), "level"));
  json_t* data = json_object_get(said.get(), "data");
  if (!log_level_of(level) || data == nullptr) return {};
  Object params;
  params.text("level", level);
  put_text(params, said.get(), "logger");
  params.json("data", Json(json_incref(data)));
  return R"({"jsonrpc":"2.0","method":"notifications/message","params":)" + compact(params.take().get()) +
         "}";
}

std::string question_request(const protocol::CallAsked& asked, std::string_view id) {
  if (check_json(asked.params) != JsonKind::kObject) return {};
  return R"({"jsonrpc":"2.0","id":)" + std::string(id) + R"(,"method":")" +
         std::string(method_of(asked.kind)) + R"(","params":)" + asked.params + "}";
}

std::optional<std::string> input_required(std::string_view result, std::string_view sealed) {
  const std::optional<JsonKind> kind = check_json(result);
  const Json parsed = kind == JsonKind::kObject ? parse_object(result) : nullptr;
  json_t* requests = json_object_get(parsed.get(), "inputRequests");
  if (!json_is_object(requests)) return std::nullopt;
  const char* key = nullptr;
  json_t* value = nullptr;
  json_object_foreach(requests, key, value) if (!is_input_request(value)) return std::nullopt;
  return R"({"resultType":"input_required","inputRequests":)" + compact(requests) + R"(,"requestState":")" +
         base64_encode(sealed, Alphabet::kUrl) + "\"}";
}

void call_said(Gateway& g, const protocol::CallSaid& said) {
  CallInFlight* call = g.calls.find(said.request);
  if (call == nullptr) return;
  const std::string message = said.kind == protocol::SayKind::kProgress
                                  ? progress_notification(said.json, call->progress_token)
                                  : log_notification(said.json);
  if (message.empty() || !can_speak(*call)) return;
  // A slow reader misses lines; the answer is not among what it may miss.
  if (call->exchange->unsent_bytes() < policy::limits::kStreamQueueBytes / 2)
    call->exchange->send(event_of(message));
}

void call_asked(Gateway& g, const protocol::CallAsked& asked) {
  CallInFlight* call = g.calls.find(asked.request);
  if (call == nullptr) return;
  const std::string id = quoted("ask-" + text_of(asked.request) + "-" + std::to_string(asked.question));
  const std::string message = question_request(asked, id);
  if (message.empty())
    return refuse_question(g, *call, asked.question, "the question is not JSON that could be passed on");
  if (!can_speak(*call) || !call->exchange->send(event_of(message)))
    return refuse_question(g, *call, asked.question, "the client has closed the stream of this call");
  call->questions[id] = asked.question;
}

void resource_updated(Gateway& g, const protocol::ResourceUpdated& news) {
  const Json said = parse_object(news.json);
  const std::string_view uri = text_of(json_object_get(said.get(), "uri"));
  if (!uri.empty()) g.streams.resource_updated(news.server, std::string(uri));
}

Task<Nothing> take_response(Gateway& g, const Incoming& in, const Message& message, std::string session) {
  CallInFlight* call = g.calls.find_question(session, message.id);
  if (call == nullptr) co_return Nothing{};
  protocol::AnswerCall answer{.ticket = in.ticket,
                              .session = session,
                              .request = call->request,
                              .question = call->questions[message.id]};
  call->questions.erase(message.id);
  const std::string_view body = in.exchange->body();
  const std::optional<std::string_view> result = find_member(body, "result");
  const json_t* error = json_object_get(message.root.get(), "error");
  answer.refused = !result || !result->starts_with('{') || result->size() > answer.answer.kMax;
  if (!answer.refused)
    answer.answer = *result;
  else if (json_is_object(error))
    answer.answer = fitting(text_of(json_object_get(error, "message")), 500);
  else
    answer.answer = std::string("its answer is not an object, or is too large");
  const base::Result<protocol::Done> taken = co_await attempt(g.monitor->ask(answer));
  static_cast<void>(taken);
  co_return Nothing{};
}

std::uint32_t client_can(const json_t* capabilities) {
  std::uint32_t can = 0;
  const json_t* elicitation = json_object_get(capabilities, "elicitation");
  if (json_is_object(elicitation)) {
    const bool url = json_object_get(elicitation, "url") != nullptr;
    if (url) can |= ClientCan::kElicitUrl;
    if (!url || json_object_get(elicitation, "form") != nullptr) can |= ClientCan::kElicitForm;
  }
  const json_t* sampling = json_object_get(capabilities, "sampling");
  if (json_is_object(sampling)) can |= ClientCan::kSample;
  if (json_object_get(sampling, "tools") != nullptr) can |= ClientCan::kSampleWithTools;
  if (json_is_object(json_object_get(capabilities, "roots"))) can |= ClientCan::kRoots;
  return can;
}

std::optional<protocol::LogLevel> log_level_of(std::string_view name) {
  for (std::size_t i = 0; i < kLevels.size(); ++i)
    if (kLevels.at(i) == name) return static_cast<protocol::LogLevel>(i + 1);
  return std::nullopt;
}

std::string progress_token_of(std::string_view body) {
  const auto params = find_member(body, "params");
  const auto meta = params ? find_member(*params, "_meta") : std::nullopt;
  const auto token = meta && meta->starts_with('{') ? find_member(*meta, "progressToken") : std::nullopt;
  return token ? id_text(*token).value_or("") : "";
}

}  // namespace mcpbox::gateway
