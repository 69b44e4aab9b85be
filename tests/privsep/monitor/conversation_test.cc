// Mirrors privsep/monitor/conversation.cc, calls_talk.cc and request_states.cc: what a call and its client
// say to each other, with a gateway and a child that the test plays.
#include "privsep/monitor/conversation.h"

#include "privsep/monitor/call_end.h"
#include "tests/privsep/monitor/fake_executor.h"

namespace mcpbox::monitor {
namespace {

namespace limits = policy::limits;
using base::Why;
using protocol::AskKind;
using protocol::CallEnd;
using protocol::ClientCan;
using protocol::Role;
using protocol::SayKind;
using protocol::State;

// The gateway's end of its link, in the same loop.
struct FakeGateway {
  std::vector<protocol::CallSaid> said;
  std::vector<protocol::CallAsked> asked;
  std::unique_ptr<loop::Link> link;

  void on_notice(wire::Frame frame) {
    if (frame.header.op == static_cast<std::uint16_t>(protocol::Op::kCallSaid))
      said.push_back(*wire::decode<protocol::CallSaid>(frame));
    if (frame.header.op == static_cast<std::uint16_t>(protocol::Op::kCallAsked))
      asked.push_back(*wire::decode<protocol::CallAsked>(frame));
  }
};

class ConversationTest : public MonitorTest {
 public:
  ConversationTest() {
    approve_tool();
    monitor.spares.start();
    asker = peer(Role::kNetLocal, State::kServing);
    gateway.link = std::make_unique<loop::Link>(
        event_loop, std::move(ends.back()), loop::LinkLimits{.max_payload = 8u << 20},
        [this](wire::Frame frame) { gateway.on_notice(std::move(frame)); },
        [](const base::Error& /*why*/) {});
    ends.pop_back();
    executor.on_go_later = [this](FakeExecutor::Child& one, const wire::Header& header) {
      child = &one;
      go = header;
    };
    session = monitor.sessions.open(
        "unix:alice", {.version = "2025-11-25", .client = "t/1", .can = ClientCan::kElicitForm});
  }

  Job job() {
    return {.tool = tool_id,
            .wire_name = "srv__greet",
            .body = "{}",
            .caller = {.who = "unix:alice"},
            .request = request,
            .gateway = asker->instance,
            .asker = asker,
            .session = session};
  }
  void open(Job wanted) {
    calls.spawn(keep_result(std::move(wanted)));
    until([&] { return child != nullptr || result; });
    ASSERT_FALSE(result && !*result) << (*result).error().text;
    ASSERT_NE(child, nullptr);
  }
  loop::Task<> keep_result(Job wanted) {
    result = co_await loop::attempt(monitor.calls.run(std::move(wanted)));
    co_return loop::Nothing{};
  }
  void finish_call() {
    executor.answer(*child, go);
    until([&] { return result.has_value(); });
  }
  loop::Task<> ask_client(AskKind kind) {
    protocol::AskClient question{.kind = kind, .params = R"({"message":"?"})"};
    answer = co_await loop::attempt(child->link->ask(question));
    co_return loop::Nothing{};
  }
  protocol::AnswerCall good_answer() {
    return {.session = session->id,
            .request = request,
            .question = gateway.asked.at(0).question,
            .answer = R"({"action":"accept"})"};
  }
  Why refusal(protocol::AnswerCall given, const std::string& who = "unix:alice") {
    const base::Result<void> taken = monitor.calls.answer(asker->instance, who, std::move(given));
    return taken ? Why::kBroken : taken.error().why;
  }

  const wire::Id request = {9};
  std::shared_ptr<Peer> asker;
  std::optional<protocol::Session> session;
  FakeGateway gateway;
  FakeExecutor executor{event_loop, launcher};
  FakeExecutor::Child* child = nullptr;
  wire::Header go;
  std::optional<base::Result<protocol::CallResult>> result;
  std::optional<base::Result<protocol::ClientAnswer>> answer;
  loop::TaskSet calls;
};

TEST_F(ConversationTest, LinesReachTheGatewayThatOpenedTheCallAsTheyAre) {
  open(job());
  FakeExecutor::notify(*child->link, protocol::Say{.kind = SayKind::kProgress, .json = "\xff not JSON"});
  FakeExecutor::notify(*child->link, protocol::Say{.kind = SayKind::kLog, .json = "{}"});
  until([&] { return gateway.said.size() == 2; });
  EXPECT_EQ(gateway.said[0].request, request);
  EXPECT_EQ(gateway.said[0].json, "\xff not JSON") << "opaque here";
  EXPECT_EQ(gateway.said[1].kind, SayKind::kLog);
  finish_call();
  EXPECT_EQ((*result)->end, CallEnd::kOk);
}

TEST_F(ConversationTest, AFloodEndsTheCallAndNothingElse) {
  open(job());
  for (std::uint32_t i = 0; i <= limits::kFloodAtOnce; ++i)
    FakeExecutor::notify(*child->link, protocol::Say{.kind = SayKind::kLog, .json = "{}"});
  until([&] { return monitor.calls.in_flight() == 1 && gateway.said.size() == limits::kFloodAtOnce; });
  child->link->close({Why::kBroken, "killed"});
  until([&] { return result.has_value(); });
  EXPECT_EQ((*result)->end, CallEnd::kCrashed);
  EXPECT_NE((*result)->explanation.find("more progress or log messages"), std::string::npos);
  EXPECT_TRUE(asker->link->open());
}

TEST_F(ConversationTest, ALineWithoutARunningCallBreaksTheProtocol) {
  open(job());
  until([&] { return executor.zygotes[0]->children.back().get() != child; });  // the pool keeps one more
  FakeExecutor::Child* const idle = executor.zygotes[0]->children.back().get();
  FakeExecutor::notify(*idle->link, protocol::Say{.kind = SayKind::kLog, .json = "{}"});
  until([&] { return !idle->link->open(); });
  EXPECT_TRUE(gateway.said.empty());
  finish_call();
}

TEST_F(ConversationTest, AnAnswerOfTheSameCallerAndSessionReachesTheTool) {
  open(job());
  calls.spawn(ask_client(AskKind::kElicit));
  until([&] { return gateway.asked.size() == 1; });
  EXPECT_EQ(gateway.asked[0].params, R"({"message":"?"})");
  EXPECT_EQ(refusal(good_answer()), Why::kBroken) << "taken";
  until([&] { return answer.has_value(); });
  EXPECT_EQ((*answer)->answer, R"({"action":"accept"})");
  EXPECT_EQ(refusal(good_answer()), Why::kNotFound) << "once";
  finish_call();
}

TEST_F(ConversationTest, AnAnswerOfAnybodyElseIsNotTaken) {
  open(job());
  calls.spawn(ask_client(AskKind::kElicit));
  until([&] { return gateway.asked.size() == 1; });
  EXPECT_EQ(refusal(good_answer(), "unix:mallory"), Why::kNotFound);
  protocol::AnswerCall other = good_answer();
  other.session = std::string("another");
  EXPECT_EQ(refusal(other), Why::kNotFound);
  other = good_answer();
  other.request = {8};
  EXPECT_EQ(refusal(other), Why::kNotFound);
  other = good_answer();
  other.question += 1;
  EXPECT_EQ(refusal(other), Why::kNotFound);
  EXPECT_FALSE(monitor.calls.answer(asker->instance + 1, "unix:alice", good_answer()).has_value());
  EXPECT_FALSE(answer.has_value());
  EXPECT_EQ(refusal(good_answer()), Why::kBroken);
  finish_call();
}

TEST_F(ConversationTest, AClientIsAskedOnlyWhatItDeclared) {
  open(job());
  calls.spawn(ask_client(AskKind::kSample));
  until([&] { return answer.has_value(); });
  EXPECT_EQ(answer->error().why, Why::kRefused);
  EXPECT_TRUE(gateway.asked.empty());
  finish_call();
}

TEST_F(ConversationTest, WhileAPersonThinksTheDeadlineStandsStill) {
  tool().timeout_ms = 2'000;  // and 250 ms of grace
  monitor.catalogue.changed(tool(), "greet");
  approve_tool();
  open(job());
  calls.spawn(ask_client(AskKind::kElicit));
  until([&] { return gateway.asked.size() == 1; });
  loop::Timer later(event_loop, [this] { event_loop.stop(); });
  later.start(2'600);
  event_loop.run();
  EXPECT_FALSE(result.has_value());
  EXPECT_EQ(refusal(good_answer()), Why::kBroken);
  until([&] { return answer.has_value(); });
  finish_call();
  EXPECT_EQ((*result)->end, CallEnd::kOk);
}

TEST_F(ConversationTest, AnUnansweredQuestionEndsWithItsCall) {
  open(job());
  calls.spawn(ask_client(AskKind::kElicit));
  until([&] { return gateway.asked.size() == 1; });
  const std::size_t waiting = monitor.background.size();
  finish_call();
  until([&] { return answer.has_value(); });
  EXPECT_LT(monitor.background.size(), waiting) << "nobody waits for it in vain";
}

TEST_F(ConversationTest, AStateIsGoodOnceForItsCallAndNobodyElse) {
  StillClock& now = clock;
  const auto caller = [&](const std::string& who, unsigned char digest) {
    return RequestStates::Owner{.who = who, .tool = tool_id, .digest = {digest}};
  };
  const std::string sealed = monitor.request_states.seal(caller("unix:alice", 1), "kept");
  EXPECT_EQ(sealed.find("kept"), std::string::npos) << "the client cannot read it";
  const auto opened = monitor.request_states.open(caller("unix:alice", 1), sealed);
  ASSERT_TRUE(opened.has_value());
  EXPECT_EQ(opened->state, "kept");
  EXPECT_FALSE(monitor.request_states.open(caller("unix:mallory", 1), sealed).has_value());
  EXPECT_FALSE(monitor.request_states.open(caller("unix:alice", 2), sealed).has_value()) << "changed since";
  for (const std::size_t at : {std::size_t{0}, std::size_t{30}, sealed.size() - 1}) {
    std::string forged = sealed;
    forged[at] = static_cast<char>(forged[at] ^ 1);
    EXPECT_FALSE(monitor.request_states.open(caller("unix:alice", 1), forged).has_value()) << at;
  }
  EXPECT_FALSE(monitor.request_states.open(caller("unix:alice", 1), sealed + "x").has_value());
  EXPECT_FALSE(monitor.request_states.open(caller("unix:alice", 1), "").has_value());
  EXPECT_TRUE(monitor.request_states.redeem(opened->id));
  EXPECT_FALSE(monitor.request_states.redeem(opened->id));
  EXPECT_FALSE(monitor.request_states.open(caller("unix:alice", 1), sealed).has_value()) << "replayed";
  const std::string old = monitor.request_states.seal(caller("unix:alice", 1), "old");
  now.t += limits::kRequestStateMs;
  EXPECT_FALSE(monitor.request_states.open(caller("unix:alice", 1), old).has_value());
}

TEST_F(ConversationTest, ARepeatedCallGetsItsStateAndAReplayIsRefused) {
  Job modern = job();
  modern.session.reset();
  std::string state;
  executor.on_go_later = nullptr;
  executor.on_go = [&] {
    return protocol::Outcome{.end = CallEnd::kInputRequired, .result = "{}", .state = "kept"};
  };
  const auto first = finish(monitor.calls.run(modern));
  ASSERT_TRUE(first.has_value());
  ASSERT_FALSE(first->request_state.empty());
  executor.on_go = nullptr;
  modern.request_state = first->request_state;
  EXPECT_EQ(finish(monitor.calls.run(modern))->end, CallEnd::kOk);
  const int went = executor.went;
  EXPECT_EQ(finish(monitor.calls.run(modern)).error().why, Why::kInvalid);
  modern.caller.who = "unix:mallory";
  modern.request_state = monitor.request_states.seal(
      {.who = "unix:alice", .tool = tool_id, .digest = digest_of_tool(tool())}, "kept");
  EXPECT_EQ(finish(monitor.calls.run(modern)).error().why, Why::kInvalid);
  EXPECT_EQ(executor.went, went) << "nothing was executed";
}

TEST_F(ConversationTest, AChildCannotSayAnEndThatOnlyTheMonitorKnows) {
  executor.on_go_later = nullptr;
  executor.on_go = [] { return protocol::Outcome{.end = CallEnd::kUnrecorded, .result = "{}"}; };
  EXPECT_EQ(finish(monitor.calls.run(job()))->end, CallEnd::kCrashed);
  executor.on_go = [] { return protocol::Outcome{.end = CallEnd::kInputRequired, .result = "{}"}; };
  EXPECT_EQ(finish(monitor.calls.run(job()))->end, CallEnd::kToolError) << "a legacy client has no such end";
}

TEST_F(ConversationTest, NothingIsOpenedByAMethodOfAnotherKind) {
  using protocol::Kind;
  using protocol::Method;
  executor.on_go_later = nullptr;
  const auto opened = [&](Kind kind, Method method) {
    tool().kind = kind;
    monitor.catalogue.changed(tool(), "greet");
    approve_tool();
    protocol::OpenCall call{.ticket = ticket_for(asker), .server = "srv", .tool = "greet", .method = method};
    return finish(on_open_call(monitor, *asker, std::move(call))).has_value();
  };
  const Method methods[] = {Method::kToolsCall, Method::kPromptsGet, Method::kResourcesRead,
                            Method::kComplete};
  const std::map<Kind, std::string> may = {{Kind::kTool, "1000"},
                                           {Kind::kPrompt, "0101"},
                                           {Kind::kResource, "0010"},
                                           {Kind::kResourceTemplate, "0011"}};
  for (const auto& [kind, allowed] : may)
    for (std::size_t i = 0; i < std::size(methods); ++i)
      EXPECT_EQ(opened(kind, methods[i]), allowed[i] == '1') << kind_text(kind) << " " << i;
}

TEST(Budget, ItFillsUpAgainUpToItsMost) {
  Budget budget(2, 10);
  EXPECT_TRUE(budget.take(1000));
  EXPECT_TRUE(budget.take(1000));
  EXPECT_FALSE(budget.take(1000));
  EXPECT_FALSE(budget.take(1099));
  EXPECT_TRUE(budget.take(1100));
  EXPECT_TRUE(budget.take(99'000));
  EXPECT_TRUE(budget.take(99'000));
  EXPECT_FALSE(budget.take(99'000));
  EXPECT_FALSE(budget.take(0)) << "time that goes back gives nothing";
}

}  // namespace
}  // namespace mcpbox::monitor
