// Tokens for clients whom the kernel cannot name, such as those in containers: made, listed and taken back by
// a person at a terminal.  The token itself is in one answer, once; the monitor keeps its hash.
#pragma once

#include "privsep/protocol/messages_common.h"

namespace mcpbox::protocol {

struct ClientTokenGiven {
  Text<limits::kClientTokenBytes> token;
  static auto fields(auto& m) { return std::tie(m.token); }
};

// kConflict: there is one of this name, or there are too many.
struct CreateClientToken {
  static constexpr Op kOp = Op::kCreateClientToken;
  using Reply = ClientTokenGiven;
  Text<limits::kNameBytes> name;
  static auto fields(auto& m) { return std::tie(m.name); }
};

struct ClientTokenInfo {
  Text<limits::kNameBytes> name;
  Text<128> created_by;
  std::int64_t created_at_ms = 0;
  std::int64_t used_at_ms = 0;  // 0: not since the monitor started
  static auto fields(auto& m) { return std::tie(m.name, m.created_by, m.created_at_ms, m.used_at_ms); }
};

struct ClientTokenPage {
  List<ClientTokenInfo, limits::kClientTokens> tokens;
  static auto fields(auto& m) { return std::tie(m.tokens); }
};

struct ListClientTokens {
  static constexpr Op kOp = Op::kListClientTokens;
  using Reply = ClientTokenPage;
  static auto fields(auto& /*m*/) { return std::tie(); }
};

// Acts before it is recorded: the next request with it is refused, and its calls in flight are ended.
struct RevokeClientToken {
  static constexpr Op kOp = Op::kRevokeClientToken;
  using Reply = Done;
  Text<limits::kNameBytes> name;
  static auto fields(auto& m) { return std::tie(m.name); }
};

}  // namespace mcpbox::protocol
