// The kinds of process that enter() jails, each with the layers that it must have: what runs for one runs for
// all.
#pragma once

#include <ostream>

#include "policy/layers.h"

namespace mcpbox::test {

struct Kind {
  const char* name;
  policy::Layers layers;
};
inline void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

inline constexpr Kind kKinds[] = {
    {"monitor", policy::kMonitorLayers},   {"gateway", policy::kGatewayLayers},
    {"admin", policy::kAdminLayers},       {"zygote", policy::kZygoteLayers},
    {"password", policy::kPasswordLayers}, {"egress", policy::kEgressLayers},
    {"dialer", policy::kDialerLayers},
};

}  // namespace mcpbox::test
