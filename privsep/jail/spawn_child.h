// What happens in the child between clone and exec.  Only system calls: no allocation, no stdio.
#pragma once

#include <cstdint>

#include "privsep/jail/spawn_side.h"

namespace mcpbox::jail {

// How far the child came: sent to the launcher when it could not go on.
enum class ChildStep : std::uint32_t {
  kMaps,  // the launcher did not write our id maps, or ended
  kSession,
  kBoundingSet,
  kGroups,
  kGid,
  kUid,
  kCapabilities,
  kAmbientSet,
  kParentDeath,
  kDescriptors,
  kExec,
};
struct ChildFailure {
  ChildStep step;
  std::int32_t sys_errno;
};

inline constexpr unsigned char kGo = 1;  // the launcher's byte: the id maps are written

struct ChildSide {
  const SpawnPlan& plan;
  int program;   // O_PATH, close-on-exec
  int launcher;  // stream socket to the launcher, close-on-exec: kGo in, a ChildFailure or nothing out
  bool as_root;  // the launcher is the machine's root
};

// Becomes plan.path, or reports why not and exits.
[[noreturn]] void become(const ChildSide& side);

}  // namespace mcpbox::jail
