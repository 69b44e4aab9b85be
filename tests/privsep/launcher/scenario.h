// How the monitor's stand-in behaves once it has reported.  Travels in the setting `spares`.
#pragma once

#include <cstdint>

namespace mcpbox::launcher {

enum class Scenario : std::uint32_t {
  kBehaves = 1,     // waits for kStop and ends
  kChildDies,       // kills its first child (as root it has CAP_KILL), then as above
  kEnds,            // ends with status 5 without being asked
  kTalksNonsense,   // sends nine bytes that are no request
  kHangs,           // never answers kStop
  kLooksAtNothing,  // asks for a look without a descriptor
};

}  // namespace mcpbox::launcher
