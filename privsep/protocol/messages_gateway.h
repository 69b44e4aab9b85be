// Monitor -> gateways, without an answer.
#pragma once

#include "privsep/protocol/messages_call.h"
#include "privsep/protocol/tool_content.h"

namespace mcpbox::protocol {

// The lists that clients keep, as bits.
inline constexpr std::uint32_t kToolList = 1;
inline constexpr std::uint32_t kPromptList = 2;
inline constexpr std::uint32_t kResourceList = 4;
inline constexpr std::uint32_t kAllLists = kToolList | kPromptList | kResourceList;
constexpr std::uint32_t list_of(Kind kind) {
  if (kind == Kind::kTool) return kToolList;
  return kind == Kind::kPrompt ? kPromptList : kResourceList;
}

// What is published changed: tell the clients.
struct ToolsChanged {
  static constexpr Op kOp = Op::kToolsChanged;
  using Reply = Done;
  Text<limits::kNameBytes> server;  // whose; empty when it concerns several
  std::uint32_t lists = kAllLists;
  static auto fields(auto& m) { return std::tie(m.server, m.lists); }
};

// How many requests a minute one caller may send from now on.
struct RateChanged {
  static constexpr Op kOp = Op::kRateChanged;
  using Reply = Done;
  std::uint32_t requests_per_minute = 0;
  static auto fields(auto& m) { return std::tie(m.requests_per_minute); }
};

// What a call that this gateway opened says while it runs.
struct CallSaid {
  static constexpr Op kOp = Op::kCallSaid;
  using Reply = Done;
  Id request{};  // as in OpenCall
  SayKind kind = SayKind::kProgress;
  Bytes<limits::kLineBytes> json;  // by a call child: check before embedding
  static auto fields(auto& m) { return std::tie(m.request, m.kind, m.json); }
};

// A resource of this server changed, says one of the server's own tools.
struct ResourceUpdated {
  static constexpr Op kOp = Op::kResourceUpdated;
  using Reply = Done;
  Text<limits::kNameBytes> server;
  Bytes<limits::kLineBytes> json;  // {"uri"}, by a call child: check before use
  static auto fields(auto& m) { return std::tie(m.server, m.json); }
};

// MCPbox is about to stop: take no new connection, end the streams, finish what is being answered.
struct Drain {
  static constexpr Op kOp = Op::kDrain;
  using Reply = Done;
  static auto fields(auto& /*m*/) { return std::tie(); }
};

// This caller may not come any more: its streams end.  Empty: every caller must prove anew who it is.
struct CallerGone {
  static constexpr Op kOp = Op::kCallerGone;
  using Reply = Done;
  Text<128> who;  // as in Principal
  static auto fields(auto& m) { return std::tie(m.who); }
};

// What it asks its client; AnswerCall brings the answer.
struct CallAsked {
  static constexpr Op kOp = Op::kCallAsked;
  using Reply = Done;
  Id request{};
  std::uint32_t question = 0;
  AskKind kind = AskKind::kElicit;
  Bytes<limits::kQuestionBytes> params;  // JSON by a call child: check before embedding
  static auto fields(auto& m) { return std::tie(m.request, m.question, m.kind, m.params); }
};

}  // namespace mcpbox::protocol
