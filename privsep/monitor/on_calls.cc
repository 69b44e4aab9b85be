// Runs in the monitor: the published list, calls and draft runs.  Names are looked up here; rows are never
// named by a child.
#include <algorithm>

#include "privsep/monitor/call_end.h"
#include "privsep/monitor/monitor.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {

using base::Why;
namespace limits = policy::limits;

namespace {

constexpr const char* kOtherRequest = "the request was signed for something else";

// What comes through the tunnel is what was signed: on this endpoint, this tool, this body.
bool is_as_signed(const Principal& caller, const p::ListPublished& q) {
  // The endpoint of all servers lists each of them; that of one server lists no other.
  return caller.request == nullptr || caller.request->server.empty() || caller.request->server == q.server;
}
constexpr std::string_view name_of(p::Method method) {
  constexpr std::string_view kNames[] = {"tools/call", "prompts/get", "resources/read",
                                         "completion/complete"};
  return kNames[static_cast<std::size_t>(method) - 1];
}
bool is_as_signed(const Principal& caller, const p::OpenCall& q) {
  if (caller.request == nullptr) return true;
  const SignedRequest& request = *caller.request;
  if (request.server != q.server || request.method != name_of(q.method) || request.body != sha256_of(q.body))
    return false;
  // The dispatcher's inner name, a resource's URI and what is completed for are in the body: the call child
  // compares them with what was opened before it runs anything.
  const bool by_name = q.method == p::Method::kPromptsGet ||
                       (q.method == p::Method::kToolsCall && request.name != "mcpbox_call_tool");
  return !by_name || request.name == q.tool;
}

constexpr std::size_t kPageBytes = limits::kMiB;  // of descriptions and schemas in one page of the list

// What OpenCall and TestCode have in common.
Job job_of(p::RunMode mode, const Tool& tool, const Peer& asker, const Principal& caller, auto& q,
           std::string&& body) {
  return {.mode = mode,
          .method = p::Method::kToolsCall,
          .tool = tool.id,
          .wire_name = {},
          .body = std::move(body),
          .arguments_log = std::move(q.arguments_log),
          .client = q.client,
          .caller = caller,
          .request = q.request,
          .gateway = asker.instance,
          .asker = {},
          .session = {},
          .request_state = {}};
}

bool goes_with(p::Method method, p::Kind kind) {
  switch (method) {
    case p::Method::kToolsCall:
      return kind == p::Kind::kTool;
    case p::Method::kPromptsGet:
      return kind == p::Kind::kPrompt;
    case p::Method::kResourcesRead:
      return kind == p::Kind::kResource || kind == p::Kind::kResourceTemplate;
    case p::Method::kComplete:
      return kind == p::Kind::kPrompt || kind == p::Kind::kResourceTemplate;
  }
  return false;
}

}  // namespace

Answer<p::ToolPage> on_list_published(Monitor& m, Peer& asker, p::ListPublished q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  if (!is_as_signed(*caller, q)) co_return base::fail(Why::kRefused, kOtherRequest);
  if (!q.server.empty()) {
    const Server* server = m.catalogue.find_server(std::string_view(q.server));
    if (server == nullptr || !server->running)
      co_return base::fail(Why::kNotFound, "no server of this name is running");
  }
  const std::vector<const Tool*> found =
      m.catalogue.published_after(q.server, q.after, limits::kToolsPerListPage + 1, q.kind);
  p::ToolPage page;
  std::size_t bytes = 0;
  for (const Tool* tool : found) {
    bytes += tool->description.size() + tool->input_schema.size() + tool->output_schema.size() +
             tool->icons.size() + tool->annotations.size();
    if (page.tools.size() == limits::kToolsPerListPage || (bytes > kPageBytes && !page.tools.empty())) {
      page.more = true;
      break;
    }
    page.tools.push_back(
        {.name = q.server.empty() ? m.catalogue.published_name(*tool) : std::string(tool->name),
         .description = std::string_view(tool->description),
         .input_schema = std::string_view(tool->input_schema),
         .output_schema = std::string_view(tool->output_schema),
         .annotations = std::string_view(tool->annotations),
         .icons = std::string_view(tool->icons),
         .uri_template = tool->uri_template,
         .headers = std::string_view(tool->headers)});
  }
  co_return page;
}

Answer<p::CallResult> on_open_call(Monitor& m, Peer& asker, p::OpenCall q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  if (!is_as_signed(*caller, q)) co_return base::fail(Why::kRefused, kOtherRequest);
  const std::string published = q.server.empty() ? std::string(q.tool) : q.server + "__" + q.tool;
  const Tool* tool = m.catalogue.find_tool(published);
  // What is a prompt or a resource is no tool, whatever its name.
  if (tool == nullptr || !goes_with(q.method, tool->kind))
    co_return base::fail(Why::kNotFound, words::kNoSuchTool);
  Job job = job_of(p::RunMode::kCall, *tool, asker, *caller, q, std::move(q.body));
  job.wire_name = q.tool;
  job.method = q.method;
  job.asker = asker.weak_from_this();
  job.request_state = std::move(q.request_state);
  if (!q.session.empty()) {
    base::Result<p::Session> session = m.sessions.find(caller->who, q.session);
    if (!session) co_return std::unexpected(session.error());
    job.session = std::move(*session);
  }
  p::CallResult result = co_await m.calls.run(std::move(job));
  co_return result;
}

Answer<p::CallResult> on_test_code(Monitor& m, Peer& asker, p::TestCode q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  const Tool* tool = m.catalogue.find_tool(q.tool);
  if (tool == nullptr) co_return base::fail(Why::kNotFound, "no tool with this tool_id");
  Job job = job_of(p::RunMode::kTest, *tool, asker, *caller, q, std::move(q.arguments));
  // From the tunnel its arguments are what a gateway says, not what the Worker has signed; and whoever looks
  // at a tool in the web UI means to try its code, not to use what it was granted.
  job.draft = caller->origin == Origin::kTunnel || asker.role == p::Role::kAdmin;
  job.wire_name = m.catalogue.published_name(*tool);
  p::CallResult result = co_await m.calls.run(std::move(job));
  co_return result;
}

Answer<p::Done> on_cancel_call(Monitor& m, Peer& asker, p::CancelCall q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  m.calls.cancel(asker.instance, q.request);
  co_return p::Done{};
}

Answer<p::Done> on_answer_call(Monitor& m, Peer& asker, p::AnswerCall q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  // With the ticket of the call itself a gateway may only say that nobody answers.
  if (caller->request != nullptr && !caller->request->method.empty() && !q.refused)
    co_return base::fail(Why::kRefused, kOtherRequest);
  const base::Result<void> answered = m.calls.answer(asker.instance, caller->who, std::move(q));
  if (!answered) co_return std::unexpected(answered.error());
  co_return p::Done{};
}

Answer<p::Done> on_say(Monitor& m, Peer& asker, p::Say q) {
  const std::shared_ptr<Spare> spare = asker.spare.lock();
  if (spare == nullptr) co_return p::Done{};
  const base::Result<void> said = m.calls.say(*spare, std::move(q));
  if (!said) asker.link->close(said.error());
  co_return p::Done{};
}

Answer<p::ClientAnswer> on_ask_client(Monitor& m, Peer& asker, p::AskClient q) {
  const std::shared_ptr<Spare> spare = asker.spare.lock();
  if (spare == nullptr) co_return base::fail(Why::kCancelled, words::kWithdrawn);
  base::Result<p::ClientAnswer> answer = co_await loop::attempt(m.calls.ask_client(spare, std::move(q)));
  if (!answer && answer.error().why == Why::kInvalid) asker.link->close(answer.error());
  co_return answer;
}

Answer<p::Done> on_spare_ended(Monitor& m, Peer& asker, p::SpareEnded q) {
  m.spares.ended(asker.instance, q);
  co_return p::Done{};
}

Answer<p::Done> on_spare_ready(Monitor& /*m*/, Peer& asker, p::SpareReady /*q*/) {
  if (const std::shared_ptr<Spare> spare = asker.spare.lock()) spare->is_ready();
  co_return p::Done{};
}

Answer<p::Done> on_waits(Monitor& m, Peer& asker, p::Waits /*q*/) {
  const std::shared_ptr<Spare> spare = asker.spare.lock();
  if (spare == nullptr) co_return p::Done{};
  spare->yield();
  m.calls.waits(spare->work().call);
  co_return p::Done{};
}

}  // namespace mcpbox::monitor
