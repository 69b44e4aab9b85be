// The other side of the gateway's link, and of its birth.
#include "tests/gateway/fake_monitor.h"

#include <sys/wait.h>

#include <chrono>
#include <csignal>

#include "policy/layers.h"

namespace mcpbox::test {
namespace {

using base::Fd;
using base::Why;

constexpr uid_t kNetLocalUid = 60802;
constexpr std::size_t kMostBytes = 64u << 20;
constexpr const char* kTools[] = {"demo__bad",       "demo__busy", "demo__echo",    "demo__embedded",
                                  "demo__frozen",    "demo__json", "demo__newline", "demo__region",
                                  "demo__resulting", "demo__slow", "demo__timeout", "demo__unsaid"};
constexpr const char* kRegionSchema =
    R"({"type":"object","properties":{"region":{"type":"string","x-mcp-header":"Region"},"zone":{"type":"string"}}})";
constexpr const char* kRegionHeaders = R"({"zone":"Zone"})";

struct Listener {
  Fd socket;
  std::uint16_t port = 0;
};

Listener listen_somewhere() {
  Listener made{.socket = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(made.socket.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(::listen(made.socket.get(), 1024), 0);
  EXPECT_EQ(::getsockname(made.socket.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  made.port = ntohs(address.sin_port);
  return made;
}

std::string_view schema_of(std::string_view tool) {
  if (tool == "demo__region") return kRegionSchema;
  return tool == "demo__bad" ? "{\"type\"" : R"({"type":"object"})";
}

p::CodeReport good_report() {
  return {.valid = true,
          .has_main = true,
          .input_schema = std::string_view(R"({"type":"object","properties":{"n":{"type":"integer"}}})"),
          .parameters = std::string_view(R"([{"name":"n","type":"integer"}])"),
          .analysis = std::string_view(
              R"({"findings":[{"rule":"long-line","line":2}],"secrets":[],"hosts":"no list","other":[1]})")};
}

}  // namespace

std::string content(const std::string& text, const std::string& more) {
  return R"({"content": [{"type": "text", "text": ")" + text + R"("}], "isError": false)" + more + "}";
}

GatewayProcess::GatewayProcess(std::uint32_t requests_per_minute, const char* role)
    : requests_per_minute_(requests_per_minute) {
  std::signal(SIGPIPE, SIG_IGN);  // a child that is gone is an error of write(), as in the monitor
  int ends[2] = {-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  link_.reset(ends[0]);
  const Fd theirs(ends[1]);
  const Listener listener = listen_somewhere();
  const char* const argv[] = {MCPBOX_GATEWAY, "--role",      role, "--allow-missing",
                              "0x0",          "--listeners", "1",  nullptr};
  const jail::DescriptorMove moves[] = {{.from = theirs.get(), .to = 3},
                                        {.from = listener.socket.get(), .to = 4}};
  base::Result<jail::Spawned> child = jail::spawn({.path = MCPBOX_GATEWAY,
                                                   .argv = argv,
                                                   .uid = kNetLocalUid,
                                                   .gid = kNetLocalUid,
                                                   .namespaces = jail::namespaces_for(policy::kGatewayLayers),
                                                   .descriptors = moves});
  if (!child) {
    ADD_FAILURE() << child.error().text << " errno " << child.error().sys_errno;
    return;
  }
  child_ = std::move(*child);
  port_ = listener.port;
  thread_ = std::thread([this] { serve(); });
}

GatewayProcess::~GatewayProcess() {
  if (child_.pid > 0) ::kill(child_.pid, SIGKILL);
  if (thread_.joinable()) thread_.join();
  if (child_.pid > 0) ::waitpid(child_.pid, nullptr, 0);
}

bool GatewayProcess::alive() const { return child_.pid > 0 && ::waitpid(child_.pid, nullptr, WNOHANG) == 0; }

int GatewayProcess::end_monitor() {
  ::shutdown(link_.get(), SHUT_RDWR);
  int status = -1;
  ::waitpid(child_.pid, &status, 0);
  child_.pid = -1;
  return status;
}

int GatewayProcess::asked(const std::string& what) {
  const std::scoped_lock lock(mutex_);
  return asked_[what];
}

bool GatewayProcess::wait_for(const std::string& what, int times) {
  for (int i = 0; i < kPatienceSeconds * 100; ++i) {
    if (asked(what) >= times) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

p::OpenCall GatewayProcess::last_call() {
  const std::scoped_lock lock(mutex_);
  return last_call_;
}
p::TestCode GatewayProcess::last_test() {
  const std::scoped_lock lock(mutex_);
  return last_test_;
}

std::string GatewayProcess::initialize() {
  const Answer answer = ask(port_, post(port_, R"({"jsonrpc":"2.0","id":1,"method":"initialize","params":{)"
                                               R"("protocolVersion":"2025-11-25","capabilities":{},)"
                                               R"("clientInfo":{"name":"raw","version":"1"}}})"));
  EXPECT_EQ(answer.status, 200) << answer.body;
  const auto found = answer.headers.find("mcp-session-id");
  return found == answer.headers.end() ? "" : found->second;
}

void GatewayProcess::tools_changed(const std::string& server, std::uint32_t lists) {
  p::ToolsChanged news{.server = server, .lists = lists};
  EXPECT_TRUE(wire::write_message(link_.get(), wire::FrameKind::kNotice,
                                  static_cast<std::uint16_t>(p::Op::kToolsChanged), 0, news));
}

void GatewayProcess::caller_gone(const std::string& who) {
  p::CallerGone news{.who = std::string_view(who)};
  EXPECT_TRUE(wire::write_message(link_.get(), wire::FrameKind::kNotice,
                                  static_cast<std::uint16_t>(p::Op::kCallerGone), 0, news));
}

void GatewayProcess::rate_changed(std::uint32_t requests_per_minute) {
  p::RateChanged news{.requests_per_minute = requests_per_minute};
  EXPECT_TRUE(wire::write_message(link_.get(), wire::FrameKind::kNotice,
                                  static_cast<std::uint16_t>(p::Op::kRateChanged), 0, news));
}

void GatewayProcess::serve() {
  for (;;) {
    base::Result<wire::Frame> frame = wire::read_frame(link_.get(), kMostBytes, 1);
    if (!frame || !answer(*frame)) return;
  }
}

void GatewayProcess::refuse(const wire::Header& asked, Why why, const char* text) {
  wire::ErrorBody body{.why = static_cast<std::uint8_t>(why), .text = std::string_view(text)};
  (void)wire::write_message(link_.get(), wire::FrameKind::kError, asked.op, asked.serial, body);
}

bool GatewayProcess::answer(wire::Frame& frame) {
  const wire::Header head = frame.header;
  switch (static_cast<p::Op>(head.op)) {
    case p::Op::kHello: {
      layers_ = take<p::Hello>(frame, "Hello").layers;
      p::Settings settings{.version = "0.1.0"};
      settings.requests_per_minute = requests_per_minute_;
      settings.listeners.emplace_back("127.0.0.1:" + std::to_string(port_));
      reply(head, std::move(settings));
      return true;
    }
    case p::Op::kAuthenticate: {
      const p::Authenticate question = take<p::Authenticate>(frame, "Authenticate");
      EXPECT_TRUE(question.connection);
      if (refusing_)
        refuse(head, Why::kRefused, "not on the list");
      else
        reply(head, p::Principal{.ticket = {7}, .who = "unix:test"});
      return true;
    }
    case p::Op::kOpenSession: {
      const p::OpenSession wanted = take<p::OpenSession>(frame, "OpenSession");
      p::Session session{.id = "session-" + std::to_string(sessions_.size()),
                         .version = wanted.version,
                         .client = wanted.client};
      sessions_[session.id] = session;
      reply(head, session);
      return true;
    }
    case p::Op::kFindSession: {
      const p::FindSession wanted = take<p::FindSession>(frame, "FindSession");
      const auto found = sessions_.find(wanted.id);
      if (found == sessions_.end())
        refuse(head, Why::kNotFound, "no such session");
      else
        reply(head, found->second);
      return true;
    }
    case p::Op::kCloseSession:
      sessions_.erase(take<p::CloseSession>(frame, "CloseSession").id);
      reply(head, p::Done{});
      return true;
    case p::Op::kOpenCall: {
      p::OpenCall call = take<p::OpenCall>(frame, "OpenCall");
      open_call(head, std::move(call));
      return true;
    }
    case p::Op::kCancelCall: {
      const p::CancelCall order = take<p::CancelCall>(frame, "CancelCall");
      reply(head, p::Done{});
      if (const auto found = waiting_.find(order.request); found != waiting_.end())
        reply(found->second,
              p::CallResult{.end = p::CallEnd::kCancelled, .explanation = "The call was withdrawn."});
      return true;
    }
    default:
      return answer_more(frame);
  }
}

void GatewayProcess::open_call(const wire::Header& asked, p::OpenCall call) {
  const std::string tool = call.server.empty() ? std::string(call.tool) : call.server + "__" + call.tool;
  p::CallResult result{.call = {9}, .end = p::CallEnd::kOk};
  if (tool == "demo__echo" || tool == "demo__region")
    result.result = content("hi", R"(, "_meta": {"execution": {"stdout": ""}})");
  if (tool == "demo__json")
    result.result = content("[1,2]", R"(, "_meta": {"execution": {"is_json": true}})");
  if (tool == "demo__embedded")
    result.result = content("{}", R"(, "structuredContent": {"a": {"b": [1]}}, "_meta": {})");
  if (tool == "demo__bad") result.result = R"({"content": [)";
  if (tool == "demo__long") result.result = content(long_text());
  if (tool == "demo__newline") result.result = "{\"content\":\n[]}";
  if (tool == "demo__resulting") result.result = R"({"content":[],"resultType":"task"})";
  if (tool == "demo__ask")
    result.result =
        call.method == p::Method::kComplete ? R"({"completion":{"values":[]}})" : R"({"messages":[]})";
  if (tool == "demo__note" || tool == "demo__day")
    result.result = call.method == p::Method::kComplete
                        ? std::string(R"({"completion":{"values":[]}})")
                        : R"({"contents":[{"uri":"test://","text":")" + tool + "\"}]}";
  if (tool == "demo__unfit") {
    result.end = p::CallEnd::kInvalidArguments;
    result.result = content("`topic` is missing");
  }
  if (tool == "demo__timeout") {
    result.end = p::CallEnd::kTimedOut;
    result.explanation = "The tool did not finish within 30 s.";
  }
  if (tool == "demo__asks") {
    result.end = p::CallEnd::kInputRequired;
    result.result = R"({"inputRequests":{"a":{"method":"roots/list","params":{}}}})";
    result.request_state = std::string("sealed\xff");
  }
  if (tool == "demo__needs") {
    result.end = p::CallEnd::kMissingCapability;
    result.result = R"({"sampling":{}})";
  }
  if (tool == "demo__unsaid") result.end = p::CallEnd::kUnrecorded;
  const wire::Id request = call.request;
  {
    const std::scoped_lock lock(mutex_);
    last_call_ = std::move(call);
  }
  if (tool == "demo__talks" || tool == "demo__talks_later") {
    waiting_[request] = asked;
    if (tool == "demo__talks") talk(request);
  } else if (tool == "demo__stale")
    refuse(asked, Why::kInvalid, "requestState is not valid for this call");
  else if (tool == "demo__slow")
    waiting_[request] = asked;
  else if (tool == "demo__busy")
    refuse(asked, Why::kBusy, "256 calls are running: nothing was executed, try again in a moment");
  else if (tool == "demo__frozen")
    refuse(asked, Why::kRefused, "all calls are frozen by an administrator");
  else if (result.result.empty() && result.end == p::CallEnd::kOk)
    refuse(asked, Why::kNotFound, "no such tool is published");
  else
    reply(asked, std::move(result));
}

void GatewayProcess::manage(wire::Frame& frame) {
  const wire::Header head = frame.header;
  const wire::Id id{1, 2, 3};
  switch (static_cast<p::Op>(head.op)) {
    case p::Op::kListPublished: {
      const p::ListPublished question = take<p::ListPublished>(frame, "ListPublished");
      if (!question.server.empty() && question.server != "demo")
        return refuse(head, Why::kNotFound, "no server of this name is running");
      if (question.kind != p::Kind::kTool) return reply(head, other_kinds(question.kind));
      p::ToolPage page;
      for (const std::string name : kTools) {
        const std::string shown = question.server.empty() ? name : name.substr(6);
        if (shown <= question.after || page.tools.size() == 6) continue;
        page.tools.push_back({.name = shown,
                              .description = "does \"things\"",
                              .input_schema = schema_of(name),
                              .output_schema = std::string_view(name == "demo__bad" ? "[" : ""),
                              .annotations = std::string_view(name == "demo__bad" ? "nonsense" : ""),
                              .icons = std::string_view(name == "demo__bad" ? "{}" : ""),
                              .headers = std::string_view(name == "demo__region" ? kRegionHeaders : "")});
      }
      page.more =
          !page.tools.empty() && !std::string_view(*std::rbegin(kTools)).ends_with(page.tools.back().name);
      return reply(head, std::move(page));
    }
    case p::Op::kCreateServer: {
      const p::CreateServer order = take<p::CreateServer>(frame, "CreateServer");
      if (order.name == "taken") return refuse(head, Why::kConflict, "a server of this name exists: use it");
      return reply(head, p::ServerInfo{.id = id, .name = order.name});
    }
    case p::Op::kStartServer:
      (void)take<p::StartServer>(frame, "StartServer");
      return reply(head, p::ServerInfo{.id = id, .name = "demo", .tools = 2});
    case p::Op::kStopServer:
      (void)take<p::StopServer>(frame, "StopServer");
      return refuse(head, Why::kNotFound, "no server with this server_id");
    default:
      return manage_tools(frame);
  }
}

void GatewayProcess::manage_tools(wire::Frame& frame) {
  const wire::Header head = frame.header;
  const wire::Id id{1, 2, 3};
  switch (static_cast<p::Op>(head.op)) {
    case p::Op::kCreateTool: {
      const p::CreateTool order = take<p::CreateTool>(frame, "CreateTool");
      p::ToolSaved saved{
          .id = id, .name = order.content.name, .version = 1, .changed = true, .report = good_report()};
      if (order.content.code == "bad")
        saved.report = {.line = 3, .problem = "Syntax error at line 3: invalid syntax"};
      return reply(head, std::move(saved));
    }
    case p::Op::kUpdateTool: {
      const p::UpdateTool order = take<p::UpdateTool>(frame, "UpdateTool");
      return reply(head, p::ToolSaved{.id = order.tool,
                                      .name = order.content.name.empty() ? std::string("echo")
                                                                         : std::string(order.content.name),
                                      .version = 2,
                                      .approval = p::Approval::kPendingReview,
                                      .changed = true,
                                      .report = good_report()});
    }
    case p::Op::kRollbackTool: {
      const p::RollbackTool order = take<p::RollbackTool>(frame, "RollbackTool");
      if (order.version > 2) return refuse(head, Why::kInvalid, "version does not exist: see the versions");
      return reply(head, p::ToolSaved{.id = order.tool, .name = "echo", .version = 3, .changed = true});
    }
    case p::Op::kDeleteTool: {
      const p::DeleteTool order = take<p::DeleteTool>(frame, "DeleteTool");
      if (order.tool == wire::Id{0xee}) return refuse(head, Why::kNotFound, "no tool");
      return reply(head, p::Done{});
    }
    case p::Op::kDeleteServer:
      (void)take<p::DeleteServer>(frame, "DeleteServer");
      return reply(head, p::ServerInfo{.id = id, .name = "demo", .tools = 2});
    case p::Op::kValidateCode: {
      const p::ValidateCode question = take<p::ValidateCode>(frame, "ValidateCode");
      if (question.code == "bad") return reply(head, p::CodeReport{.line = 1, .problem = "Syntax error"});
      return reply(head, good_report());
    }
    case p::Op::kRequestPublish:
      (void)take<p::RequestPublish>(frame, "RequestPublish");
      return reply(
          head,
          p::ToolSaved{.id = id, .name = "echo", .version = 1, .approval = p::Approval::kPendingReview});
    default:
      return manage_reads(frame);
  }
}

GatewayProcess* GatewayTest::shared_ = nullptr;

void GatewayTest::SetUpTestSuite() {
  if (::geteuid() == 0) shared_ = new GatewayProcess();
}
void GatewayTest::TearDownTestSuite() {
  delete shared_;
  shared_ = nullptr;
}
void GatewayTest::SetUp() {
  if (shared_ == nullptr) GTEST_SKIP() << "needs root: the gateway has no other mode than its jail";
  ASSERT_TRUE(shared_->ready());
}
void GatewayTest::TearDown() {
  if (shared_ == nullptr) return;
  EXPECT_TRUE(shared_->alive());
}

}  // namespace mcpbox::test
