// What every child says first, and the answers that carry nothing.
#pragma once

#include "policy/limits.h"
#include "privsep/protocol/op.h"
#include "privsep/wire/fields.h"

namespace mcpbox::protocol {

using wire::Bytes;
using wire::Digest;
using wire::Id;
using wire::List;
using wire::Maybe;
using wire::Text;
namespace limits = policy::limits;

// The MCP method of a request that runs code.  A child takes from the body that it is this one.
enum class Method : std::uint8_t {
  kToolsCall = 1,
  kPromptsGet,
  kResourcesRead,
  kComplete,  // completion/complete, for a prompt or a resource template
};
constexpr bool is_known(Method method) { return method >= Method::kToolsCall && method <= Method::kComplete; }

// The request was carried out; there is nothing else to say.
struct Done {
  static auto fields(auto& /*m*/) { return std::tie(); }
};

// What the monitor tells a child about this installation.
struct Settings {
  Text<32> version;             // of MCPbox
  List<Text<64>, 8> listeners;  // "127.0.0.1:8000": what a gateway accepts as Host
  std::uint32_t requests_per_minute = limits::kRequestsPerMinute;  // of one caller
  static auto fields(auto& m) { return std::tie(m.version, m.listeners, m.requests_per_minute); }
};

// The first message of every peer: "I am in my jail".
struct Hello {
  static constexpr Op kOp = Op::kHello;
  using Reply = Settings;
  std::uint32_t layers = 0;  // policy::Layers that were verified on, from inside
  Text<32> build;            // must be the monitor's own version
  static auto fields(auto& m) { return std::tie(m.layers, m.build); }
};

}  // namespace mcpbox::protocol
