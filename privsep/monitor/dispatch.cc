// Runs in the monitor.  Trusts nothing: every byte here may come from a stolen child.
#include "privsep/monitor/dispatch.h"

#include <algorithm>

#include "privsep/monitor/monitor.h"
#include "privsep/protocol/orders.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {

using protocol::Op;
using protocol::Orders;
using protocol::Protocol;
using protocol::State;

namespace {

// Runs the handler and sends what it decided.  The peer's state moves only when the decision was yes.
template <class Row>
loop::Task<> answer(Monitor& m, std::shared_ptr<Peer> peer, wire::Header asked,
                    typename Row::Request request) {
  auto decided = co_await loop::attempt(Row::kAnswer(m, *peer, std::move(request)));
  if (decided && Row::kThen != State::kStay) peer->state = Row::kThen;
  // Root, and the user of a trial, need no second proof; SO_PEERCRED gave it.
  if (Row::kOp == Op::kHello && decided && peer->owner) peer->state = State::kDeciding;
  if (asked.kind == wire::FrameKind::kNotice) co_return loop::Nothing{};
  if (decided)
    peer->link->reply(asked, *decided);
  else
    peer->link->reply_error(asked, decided.error());
  co_return loop::Nothing{};
}

template <class Row>
Verdict check_and_answer(Monitor& m, const std::shared_ptr<Peer>& peer, wire::Frame& frame) {
  if (!protocol::contains(Row::kWho, peer->role)) return Verdict::kKillPeer;
  if (!protocol::contains(Row::kWhile, peer->state)) return Verdict::kKillPeer;
  // By itself the admin process is nobody: whatever needs a person comes inside InSession.
  if (peer->role == protocol::Role::kAdmin && !protocol::is_before_session(Row::kOp))
    return Verdict::kKillPeer;
  base::Result<typename Row::Request> request = wire::decode<typename Row::Request>(frame);
  if (!request) return Verdict::kKillPeer;
  if constexpr (requires { request->ticket; })
    if (const base::Result<void> may = m.may_ask(*peer, request->ticket, Row::kOp); !may) {
      peer->link->reply_error(frame.header, may.error());
      return Verdict::kAccepted;
    }
  m.background.spawn(answer<Row>(m, peer, frame.header, std::move(*request)));
  return Verdict::kAccepted;
}

}  // namespace

Verdict dispatch(Monitor& m, const std::shared_ptr<Peer>& peer, wire::Frame frame) {
  Verdict verdict = Verdict::kKillPeer;
  const Op op{frame.header.op};
  Protocol::find(op, [&]<class Row>() { verdict = check_and_answer<Row>(m, peer, frame); });
  return verdict;
}

void give_link(Monitor& m, const std::shared_ptr<Peer>& peer, base::Fd socket,
               std::function<void(base::Error)> on_closed) {
  const loop::LinkLimits limits{
      .max_payload = std::max(Protocol::max_request_bytes(peer->role), Orders::max_reply_bytes(peer->role)),
      .fds_in = peer->role == protocol::Role::kCall ? 0U : 1U,
      .error_texts = loop::ErrorTexts::kDropped};
  const auto on_request = [&m, weak = std::weak_ptr<Peer>(peer)](wire::Frame frame) {
    const std::shared_ptr<Peer> sender = weak.lock();
    if (sender == nullptr) return;
    const int op = frame.header.op;
    if (dispatch(m, sender, std::move(frame)) == Verdict::kAccepted) return;
    m.log.warn("peer broke the protocol", {{"role", protocol::name_of(sender->role)}, {"op", op}});
    AuditRecord record{.kind = AuditKind::kChildEnding,
                       .actor = std::string(protocol::name_of(sender->role)),
                       .action = "broke_protocol",
                       .number = op};
    m.background.spawn(m.store.append(std::move(record)));
    m.admin_sessions.end_presented(sender->instance);
    sender->link->close({base::Why::kInvalid, "it broke the protocol"});
  };
  peer->link =
      std::make_unique<loop::Link>(m.loop, std::move(socket), limits, on_request, std::move(on_closed));
}

}  // namespace mcpbox::monitor
