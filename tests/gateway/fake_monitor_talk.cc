// The fake monitor's part in what calls say and ask while they run, and its prompts and resources.
#include "tests/gateway/fake_monitor.h"

namespace mcpbox::test {

p::ToolPage GatewayProcess::other_kinds(p::Kind kind) {
  p::ToolPage page;
  if (kind == p::Kind::kPrompt)
    page.tools.push_back(
        {.name = "demo__ask",
         .description = "asks",
         .input_schema = std::string_view(
             R"({"type":"object","properties":{"topic":{"description":"of what"}},"required":["topic"]})")});
  if (kind == p::Kind::kResource)
    page.tools.push_back({.name = "demo__note",
                          .description = "a note",
                          .annotations = std::string_view(R"({"mimeType":"text/plain","priority":0.5})"),
                          .uri_template = "test://note"});
  if (kind == p::Kind::kResourceTemplate)
    page.tools.push_back({.name = "demo__day", .description = "a day", .uri_template = "test://day/{n}"});
  return page;
}

p::AnswerCall GatewayProcess::last_answer() {
  const std::scoped_lock lock(mutex_);
  return last_answer_;
}

void GatewayProcess::resource_updated(const std::string& server, const std::string& json) {
  p::ResourceUpdated news{.server = server, .json = json};
  EXPECT_TRUE(wire::write_message(link_.get(), wire::FrameKind::kNotice,
                                  static_cast<std::uint16_t>(p::Op::kResourceUpdated), 0, news));
}

std::string long_text() {
  std::string text;
  for (int line = 0; text.size() < 150'000; ++line) text += "line " + std::to_string(line) + "\\n";
  return text;
}

void GatewayProcess::talk_now() { talk(last_call().request); }

// Progress, a message, and a question; the answer to it ends the call.
void GatewayProcess::talk(const wire::Id& request) {
  const auto tell = [this](p::Op op, auto notice) {
    EXPECT_TRUE(wire::write_message(link_.get(), wire::FrameKind::kNotice, static_cast<std::uint16_t>(op), 0,
                                    notice));
  };
  tell(p::Op::kCallSaid,
       p::CallSaid{.request = request, .kind = p::SayKind::kProgress, .json = R"({"progress":1})"});
  tell(p::Op::kCallSaid,
       p::CallSaid{.request = request, .kind = p::SayKind::kLog, .json = R"({"level":"info","data":1})"});
  tell(p::Op::kCallAsked, p::CallAsked{.request = request, .question = 1, .params = R"({"message":"?"})"});
}

bool GatewayProcess::answer_more(wire::Frame& frame) {
  const wire::Header head = frame.header;
  if (head.op == static_cast<std::uint16_t>(p::Op::kAuthenticateRemote)) {
    const p::AuthenticateRemote question = take<p::AuthenticateRemote>(frame, "AuthenticateRemote");
    const std::string who = "remote:" + std::string(question.email);
    reply(head, p::Principal{.ticket = {8}, .who = std::string_view(who)});
    return true;
  }
  if (head.op == static_cast<std::uint16_t>(p::Op::kSetLogLevel)) {
    (void)take<p::SetLogLevel>(frame, "SetLogLevel");
    reply(head, p::Done{});
    return true;
  }
  if (head.op == static_cast<std::uint16_t>(p::Op::kSubscribe)) {
    const p::Subscribe wish = take<p::Subscribe>(frame, "Subscribe");
    const std::scoped_lock lock(mutex_);
    if (wish.wanted)
      subscribed_[wish.what.uri] = wish.what.server;
    else
      subscribed_.erase(wish.what.uri);
    reply(head, p::Done{});
    return true;
  }
  if (head.op == static_cast<std::uint16_t>(p::Op::kListSubscriptions)) {
    (void)take<p::ListSubscriptions>(frame, "ListSubscriptions");
    p::SubscriptionPage page;
    const std::scoped_lock lock(mutex_);
    for (const auto& [uri, server] : subscribed_)
      page.all.push_back({.uri = std::string_view(uri), .server = std::string_view(server)});
    reply(head, std::move(page));
    return true;
  }
  if (head.op != static_cast<std::uint16_t>(p::Op::kAnswerCall)) {
    manage(frame);
    return true;
  }
  p::AnswerCall given = take<p::AnswerCall>(frame, "AnswerCall");
  reply(head, p::Done{});
  if (const auto found = waiting_.find(given.request); found != waiting_.end()) {
    p::CallResult result{.end = p::CallEnd::kOk};
    result.result = R"({"content":[{"type":"text","text":")" +
                    (given.refused ? "refused: " + given.answer : std::string("action")) + R"("}]})";
    reply(found->second, std::move(result));
  }
  const std::scoped_lock lock(mutex_);
  last_answer_ = std::move(given);
  return true;
}

}  // namespace mcpbox::test
