// The machinery behind the two tables: a row is a type, a table is a list of rows, and everything that one
// may want to know of it is a constexpr function.
#pragma once

#include <cstdint>
#include <type_traits>

#include "privsep/protocol/op.h"
#include "privsep/protocol/roles.h"
#include "privsep/wire/blocking.h"
#include "privsep/wire/fields.h"

namespace mcpbox::protocol {

// How far a peer has come.  Only the table moves it.
enum class State : std::uint32_t {
  kConnected = 1u << 0,  // has not said Hello
  kServing = 1u << 1,    // in its jail, at work
  kDeciding = 1u << 2,   // mcpboxctl: proven to be somebody who may decide
  kYielded = 1u << 3,    // a call child that gave its CPU slot back
  kStay = 0,             // as a row's "then": the state does not change
};
using States = std::uint32_t;
constexpr States operator|(State a, State b) { return static_cast<States>(a) | static_cast<States>(b); }
constexpr bool contains(States states, State state) { return (states & static_cast<States>(state)) != 0; }

template <class RequestType, class ReplyType, Roles WhoMayAsk, auto While, State Then, auto Answer>
struct Row {
  using Request = RequestType;
  static_assert(std::is_same_v<typename Request::Reply, ReplyType>, "the row's reply is not the message's");
  static constexpr Op kOp = Request::kOp;
  static constexpr Roles kWho = WhoMayAsk;
  static constexpr States kWhile = static_cast<States>(While);
  static constexpr State kThen = Then;
  static constexpr auto kAnswer = Answer;
};

template <class... Rows>
struct Table {
  // Calls visit.template operator()<Row>() for the row with this op; false when there is none.
  static bool find(Op op, auto&& visit) {
    return ((Rows::kOp == op && (visit.template operator()<Rows>(), true)) || ...);
  }
  static void each(auto&& visit) { (visit.template operator()<Rows>(), ...); }

  static constexpr bool may_ask(Role role, Op op) {
    return ((Rows::kOp == op && contains(Rows::kWho, role)) || ...);
  }
  static constexpr bool ops_are_unique() {
    return ((((Rows::kOp == Rows::kOp) + ...) > 0) && ... && (count(Rows::kOp) == 1));
  }
  static constexpr std::size_t count(Op op) { return (std::size_t{0} + ... + (Rows::kOp == op ? 1 : 0)); }

  // The largest frame that a peer of this role may send as a request.
  static constexpr std::size_t max_request_bytes(Role role) {
    std::size_t most = 0;
    ((most = contains(Rows::kWho, role) && wire::max_bytes<typename Rows::Request>() > most
                 ? wire::max_bytes<typename Rows::Request>()
                 : most),
     ...);
    return most;
  }
  // The largest frame that it may get as an answer.
  static constexpr std::size_t max_reply_bytes(Role role) {
    std::size_t most = wire::max_bytes<wire::ErrorBody>();
    ((most = contains(Rows::kWho, role) && wire::max_bytes<typename Rows::Request::Reply>() > most
                 ? wire::max_bytes<typename Rows::Request::Reply>()
                 : most),
     ...);
    return most;
  }
};

}  // namespace mcpbox::protocol
