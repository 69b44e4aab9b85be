// The admin process: signing people in, and asking for them.  A session's token travels with every request
// that needs one, and the monitor looks it up every time: a stolen admin process has the sessions that pass
// through it, and no others.
#pragma once

#include "privsep/protocol/messages_common.h"

namespace mcpbox::protocol {

// Whether anybody can sign in yet.
struct AdminState {
  bool setup_required = false;  // there is no admin: the first one is made with a setup code
  bool may_decide = true;       // false: `decide_from = ctl`
  static auto fields(auto& m) { return std::tie(m.setup_required, m.may_decide); }
};

struct GetAdminState {
  static constexpr Op kOp = Op::kGetAdminState;
  using Reply = AdminState;
  static auto fields(auto& /*m*/) { return std::tie(); }
};

// The token is a password for as long as the session lives; the monitor keeps a hash of it.
struct SessionGiven {
  Text<64> token;
  Id id{};
  Text<64> admin;
  std::int64_t expires_at_ms = 0;
  static auto fields(auto& m) { return std::tie(m.token, m.id, m.admin, m.expires_at_ms); }
};

// kRefused: wrong, or too soon after a wrong password of this account or of this user of the machine.
// kBusy: too many passwords are being checked.
struct SignIn {
  static constexpr Op kOp = Op::kSignIn;
  using Reply = SessionGiven;
  Text<64> admin;
  Text<limits::kPasswordBytes> password;
  Text<128> client;     // as it introduced itself, for the list of sessions
  Text<64> address;     // where it came from, for the same
  base::Fd connection;  // a duplicate of the accepted socket: the kernel says whose it is
  static auto fields(auto& m) { return std::tie(m.admin, m.password, m.client, m.address, m.connection); }
};

// The first admin, once.  kConflict: there is one.  kRefused: the code is wrong, used up or too old.
struct SetUp {
  static constexpr Op kOp = Op::kSetUp;
  using Reply = SessionGiven;
  Text<32> code;
  Text<64> admin;
  Text<limits::kPasswordBytes> password;
  Text<128> client;
  Text<64> address;
  static auto fields(auto& m) { return std::tie(m.code, m.admin, m.password, m.client, m.address); }
};

// mcpboxctl: a new setup code; the one before is void.  kConflict when there is an admin.
struct SetupCode {
  Text<32> code;
  std::int64_t expires_at_ms = 0;
  static auto fields(auto& m) { return std::tie(m.code, m.expires_at_ms); }
};

struct MakeSetupCode {
  static constexpr Op kOp = Op::kMakeSetupCode;
  using Reply = SetupCode;
  static auto fields(auto& /*m*/) { return std::tie(); }
};

// Any other row that names admin, asked by whoever holds this session.  What is inside is decoded and checked
// as if it had come by itself; a row that does not name admin ends the admin process.
struct SessionReply {
  bool signed_in = false;  // false: there is no such session (any more), and nothing was done
  Bytes<limits::kSessionReplyBytes> reply;
  static auto fields(auto& m) { return std::tie(m.signed_in, m.reply); }
};

struct InSession {
  static constexpr Op kOp = Op::kInSession;
  using Reply = SessionReply;
  Text<64> session;
  std::uint16_t op = 0;
  Bytes<limits::kSessionRequestBytes> request;
  static auto fields(auto& m) { return std::tie(m.session, m.op, m.request); }
};

// --- Asked in a session ------------------------------------------------------------------------------------

struct SessionInfo {
  Id id{};
  Text<64> admin;
  Text<128> client;
  Text<64> address;
  std::int64_t created_at_ms = 0;
  std::int64_t used_at_ms = 0;
  std::int64_t expires_at_ms = 0;
  bool current = false;  // the one that asks
  static auto fields(auto& m) {
    return std::tie(m.id, m.admin, m.client, m.address, m.created_at_ms, m.used_at_ms, m.expires_at_ms,
                    m.current);
  }
};

struct SessionPage {
  List<SessionInfo, limits::kAdminSessions> sessions;
  static auto fields(auto& m) { return std::tie(m.sessions); }
};

// Of every admin: an admin who sees a session that nobody knows ends it.
struct ListSessions {
  static constexpr Op kOp = Op::kListSessions;
  using Reply = SessionPage;
  static auto fields(auto& /*m*/) { return std::tie(); }
};

// A zero id: the session that asks.
struct EndSession {
  static constexpr Op kOp = Op::kEndSession;
  using Reply = Done;
  Id session{};
  static auto fields(auto& m) { return std::tie(m.session); }
};

// Ends every session of the admin but the one that asks.
struct ChangePassword {
  static constexpr Op kOp = Op::kChangePassword;
  using Reply = Done;
  Text<limits::kPasswordBytes> current;
  Text<limits::kPasswordBytes> wanted;
  static auto fields(auto& m) { return std::tie(m.current, m.wanted); }
};

// And ends its sessions.  kConflict: it is the last one.
struct RemoveAdmin {
  static constexpr Op kOp = Op::kRemoveAdmin;
  using Reply = Done;
  Text<64> admin;
  static auto fields(auto& m) { return std::tie(m.admin); }
};

}  // namespace mcpbox::protocol
