// Who a process is and what that entitles it to.
#pragma once

#include <sys/types.h>

#include "privsep/base/error.h"

namespace mcpbox::jail {

// What is left of the capabilities.
enum class Keep : unsigned char {
  kNothing,  // every set empty, the bounding set too
  kKill,     // the monitor: at most CAP_KILL, permitted and effective.  It never had CAP_SETPCAP, so its
             // bounding set is as the launcher left it, which no_new_privs and the refusal of execve make
             // meaningless
};

// Changes nothing: looks that real, effective and saved ids agree, that none is root's, that there are no
// supplementary groups, and that the launcher, which made the socket pair of `link_fd`, is somebody else.
//   expected  the uid it must be; 0 when any will do
[[nodiscard]] base::Result<void> verify_own_uid(uid_t expected, int link_fd);

// Looks that the kernel ends this process when its parent ends.  Only the parent's side (spawn_side.h) can
// set it without a race.
[[nodiscard]] base::Result<void> verify_parent_death();

[[nodiscard]] base::Result<void> drop_capabilities(Keep keep);
[[nodiscard]] base::Result<void> forbid_new_privileges();

// No core file, no ptrace, no /proc/PID/mem by processes of the same uid.
[[nodiscard]] base::Result<void> forbid_dump();

// Memory that was writable never becomes executable.  Only where kernel_offers() says write_xor_execute; the
// filters refuse the same everywhere.
[[nodiscard]] base::Result<void> forbid_new_code();

}  // namespace mcpbox::jail
