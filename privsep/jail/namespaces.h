// Namespaces: made by the launcher's clone, verified here; and the empty root, which only the process itself
// can enter.
#pragma once

#include <span>

#include "policy/layers.h"
#include "privsep/base/error.h"

namespace mcpbox::jail {

// Looks that in this process's user namespace the machine's root does not even have a number.
[[nodiscard]] base::Result<void> verify_user_namespace();

// Looks that the namespace behind `layer` (pid, net, mount, ipc, uts, cgroup) is owned by this process's own
// user namespace: it was made with it, and nobody outside is in it.  Needs /proc, so before empty_root().
[[nodiscard]] base::Result<void> verify_namespace(policy::Layer layer);

// Puts the process on a file system of its own, empty and read-only, and lets go of the machine's.
//   shown  absolute folders of the machine that it goes on seeing there, to read
//   needs  CAP_SYS_ADMIN in an own user namespace with an own mount namespace; both are verified first,
//   because the
//          same calls made in the machine's own mount namespace would unmount the machine
[[nodiscard]] base::Result<void> empty_root(std::span<const char* const> shown = {});

}  // namespace mcpbox::jail
