// Monitor -> gateways, without an answer.
#pragma once

#include "privsep/protocol/messages_common.h"

namespace mcpbox::protocol {

// The list of published tools changed: tell the clients.
struct ToolsChanged {
  static constexpr Op kOp = Op::kToolsChanged;
  using Reply = Done;
  Text<limits::kNameBytes> server;  // whose tools; empty when it concerns several
  static auto fields(auto& m) { return std::tie(m.server); }
};

}  // namespace mcpbox::protocol
