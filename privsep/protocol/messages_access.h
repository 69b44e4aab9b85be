// Who is calling, and legacy MCP sessions.  A gateway never names a caller: it hands over what proves one and
// keeps the ticket that it gets back.
#pragma once

#include "privsep/protocol/messages_common.h"

namespace mcpbox::protocol {

struct Principal {
  Id ticket{};    // valid for the peer that asked, until either side restarts
  Text<128> who;  // for the log: "unix:alice"
  static auto fields(auto& m) { return std::tie(m.ticket, m.who); }
};

// "Who owns the other end of this connection?"  The monitor reads both addresses from the descriptor itself
// and asks the kernel which user owns the peer socket; kRefused when that user is not on the allow-list.
struct Authenticate {
  static constexpr Op kOp = Op::kAuthenticate;
  using Reply = Principal;
  base::Fd connection;  // a duplicate of the accepted socket
  static auto fields(auto& m) { return std::tie(m.connection); }
};

struct Session {
  Text<64> id;       // visible ASCII, random
  Text<16> version;  // negotiated protocol revision
  Text<128> client;  // "name/version" as the client introduced itself
  static auto fields(auto& m) { return std::tie(m.id, m.version, m.client); }
};

struct OpenSession {
  static constexpr Op kOp = Op::kOpenSession;
  using Reply = Session;
  Id ticket{};
  Text<16> version;
  Text<128> client;
  static auto fields(auto& m) { return std::tie(m.ticket, m.version, m.client); }
};

// kNotFound when there is none of that id, or it belongs to another principal.  Using it keeps it alive.
struct FindSession {
  static constexpr Op kOp = Op::kFindSession;
  using Reply = Session;
  Id ticket{};
  Text<64> id;
  static auto fields(auto& m) { return std::tie(m.ticket, m.id); }
};

struct CloseSession {
  static constexpr Op kOp = Op::kCloseSession;
  using Reply = Done;
  Id ticket{};
  Text<64> id;
  static auto fields(auto& m) { return std::tie(m.ticket, m.id); }
};

}  // namespace mcpbox::protocol
