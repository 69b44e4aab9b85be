// Runs in the monitor: what the admin process asks for somebody who is signed in.  Trusts it about nothing
// but which session it presents; the row inside is checked as dispatch() checks any other.
#include "privsep/monitor/monitor.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {

using base::Why;

namespace {

constexpr base::Error kDecideElsewhere{
    Why::kRefused,
    "decisions are taken with mcpboxctl only here: an owner can change that with `mcpboxctl settings set "
    "decide_from ui+ctl`"};

using Running = std::optional<loop::Task<p::SessionReply>>;

template <class Row>
loop::Task<p::SessionReply> carry(Monitor& m, std::shared_ptr<Peer> person, typename Row::Request request) {
  typename Row::Request::Reply answer = co_await Row::kAnswer(m, *person, std::move(request));
  base::Result<wire::Frame> frame = wire::encode(answer);
  if (!frame) co_return std::unexpected(frame.error());
  co_return p::SessionReply{.signed_in = true, .reply = std::move(frame->payload)};
}

// Nothing when an honest admin process never asks this.
template <class Row>
Running start(Monitor& m, const std::shared_ptr<Peer>& person, p::InSession& q) {
  if constexpr (p::contains(Row::kWho, p::Role::kAdmin) && !p::is_before_session(Row::kOp)) {
    static_assert(wire::max_bytes<typename Row::Request>() <= policy::limits::kSessionRequestBytes);
    static_assert(wire::max_bytes<typename Row::Request::Reply>() <= policy::limits::kSessionReplyBytes);
    if (!p::contains(Row::kWhile, person->state)) return {};
    wire::Frame frame;
    frame.payload = std::move(q.request);
    base::Result<typename Row::Request> request = wire::decode<typename Row::Request>(frame);
    if (!request) return {};
    return carry<Row>(m, person, std::move(*request));
  } else {
    return {};
  }
}

}  // namespace

Answer<p::SessionReply> on_in_session(Monitor& m, Peer& asker, p::InSession q) {
  const AdminSession* session = m.admin_sessions.use(asker.instance, q.session);
  if (session == nullptr) co_return p::SessionReply{};
  const p::Op op{q.op};
  const wire::Id id = session->id;
  auto person = std::make_shared<Peer>();
  person->instance = asker.instance;
  person->role = p::Role::kAdmin;
  person->state = p::State::kDeciding;
  person->session = id;
  person->person = {.who = "admin:" + session->admin, .uid = 0};
  Running running;
  p::Protocol::find(op, [&]<class Row>() { running = start<Row>(m, person, q); });
  if (!running) {
    m.log.warn("admin asked what it may not", {{"op", q.op}});
    m.admin_sessions.end_presented(asker.instance);
    m.loop.soon([&m, instance = asker.instance] { m.children.end(instance, "it broke the protocol"); });
    co_return base::fail(Why::kRefused, "the admin process may not ask this");
  }
  // Nothing of it has run yet: a task begins when it is awaited.
  if (p::is_decision(op) && !m.policy.decides_in_ui()) co_return std::unexpected(kDecideElsewhere);
  p::SessionReply reply = co_await std::move(*running);
  // It may have waited: what has happened since the session ended is not for it.
  if (op == p::Op::kWatchActivity && m.admin_sessions.find(id) == nullptr) co_return p::SessionReply{};
  co_return reply;
}

}  // namespace mcpbox::monitor
