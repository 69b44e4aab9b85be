// Who is calling, and legacy MCP sessions.  A gateway never names a caller: it hands over what proves one and
// keeps the ticket that it gets back.
#pragma once

#include "privsep/protocol/messages_common.h"

namespace mcpbox::protocol {

struct Principal {
  Id ticket{};             // valid for the peer that asked, until either side restarts
  Text<128> who;           // for the log: "unix:alice", "client:NAME" with a token, "remote:ada@example.org"
  bool anonymous = false;  // through the tunnel, without an e-mail address
  bool may_list = true;    // what an anonymous one may do beside saying hello
  static auto fields(auto& m) { return std::tie(m.ticket, m.who, m.anonymous, m.may_list); }
};

// "Who owns the other end of this connection?"  The monitor reads both addresses from the descriptor itself
// and asks the kernel which user owns the peer socket; kRefused when that user is not on the allow-list. With
// a token, its holder is the caller instead: whose process it is does not matter then, only that it is local.
struct Authenticate {
  static constexpr Op kOp = Op::kAuthenticate;
  using Reply = Principal;
  base::Fd connection;  // a duplicate of the accepted socket
  Text<limits::kClientTokenBytes> token;
  static auto fields(auto& m) { return std::tie(m.connection, m.token); }
};

// The logging levels of MCP (RFC 5424), from the least to the most severe.
enum class LogLevel : std::uint8_t {
  kNone = 0,  // as a wish: nothing is wanted
  kDebug,
  kInfo,
  kNotice,
  kWarning,
  kError,
  kCritical,
  kAlert,
  kEmergency,
};
constexpr bool is_known(LogLevel level) { return level <= LogLevel::kEmergency; }

// What a client declared that it can be asked during a call; a set, as bits.
struct ClientCan {
  static constexpr std::uint32_t kElicitForm = 1u << 0;
  static constexpr std::uint32_t kElicitUrl = 1u << 1;
  static constexpr std::uint32_t kSample = 1u << 2;
  static constexpr std::uint32_t kSampleWithTools = 1u << 3;
  static constexpr std::uint32_t kRoots = 1u << 4;
};

struct Session {
  Text<64> id;            // visible ASCII, random
  Text<16> version;       // negotiated protocol revision
  Text<128> client;       // "name/version" as the client introduced itself
  std::uint32_t can = 0;  // ClientCan
  LogLevel log_level{};   // of the messages that it wants; kNone until it said so
  static auto fields(auto& m) { return std::tie(m.id, m.version, m.client, m.can, m.log_level); }
};

struct OpenSession {
  static constexpr Op kOp = Op::kOpenSession;
  using Reply = Session;
  Id ticket{};
  Text<16> version;
  Text<128> client;
  std::uint32_t can = 0;  // ClientCan
  static auto fields(auto& m) { return std::tie(m.ticket, m.version, m.client, m.can); }
};

// kNotFound when there is none of that id, or it belongs to another principal.  Using it keeps it alive.
struct FindSession {
  static constexpr Op kOp = Op::kFindSession;
  using Reply = Session;
  Id ticket{};
  Text<64> id;
  static auto fields(auto& m) { return std::tie(m.ticket, m.id); }
};

// logging/setLevel of a session of the caller's.
struct SetLogLevel {
  static constexpr Op kOp = Op::kSetLogLevel;
  using Reply = Done;
  Id ticket{};
  Text<64> id;
  LogLevel level{};
  static auto fields(auto& m) { return std::tie(m.ticket, m.id, m.level); }
};

// A resource whose changes a session of the caller's wants to hear of, or no longer.  kConflict: too many.
struct Subscription {
  Text<limits::kUriBytes> uri;
  Text<limits::kNameBytes> server;  // whose
  static auto fields(auto& m) { return std::tie(m.uri, m.server); }
};

struct Subscribe {
  static constexpr Op kOp = Op::kSubscribe;
  using Reply = Done;
  Id ticket{};
  Text<64> id;
  Subscription what;
  bool wanted = true;
  static auto fields(auto& m) { return std::tie(m.ticket, m.id, m.what, m.wanted); }
};

struct SubscriptionPage {
  List<Subscription, limits::kSubscriptions> all;
  static auto fields(auto& m) { return std::tie(m.all); }
};

// Asked when the session's stream opens, which may be at another gateway than the one that it subscribed at.
struct ListSubscriptions {
  static constexpr Op kOp = Op::kListSubscriptions;
  using Reply = SubscriptionPage;
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
