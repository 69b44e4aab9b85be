// The second half of a process's way into its jail: what an exec'd binary does to itself once it is
// initialised and before it reads a byte from anybody.  The first half, done by the launcher, is
// spawn_side.h.
//
//   const jail::Jail mine = jail::jail_for_gateway(missing_allowed, keep);
//   const base::Result<policy::Layers> on = jail::enter(mine);
//   if (!on) { log.error("not jailed", on.error()); return jail::kExitNotJailed; }
#pragma once

#include <sys/types.h>

#include <span>
#include <string_view>
#include <vector>

#include "policy/layers.h"
#include "policy/rlimits.h"
#include "policy/syscall_rule.h"
#include "privsep/base/error.h"
#include "privsep/jail/descriptors.h"
#include "privsep/jail/landlock.h"
#include "privsep/jail/offers.h"

namespace mcpbox::jail {

// Exit status of a process that could not enter its jail.  Nobody restarts it in the hope of better luck.
inline constexpr int kExitNotJailed = 78;

struct Jail {
  std::string_view name;               // as in `ps`, for messages
  policy::Layers required = 0;         // what this kind of process must have
  policy::Layers missing_allowed = 0;  // what the configuration gave up by name
  uid_t own_uid = 0;              // the uid it must have; 0: any that is neither root's nor the launcher's
  int link_fd = 3;                // a socket pair made by the launcher: tells the launcher's uid
  std::span<const int> keep_fds;  // must outlive enter(); numbers below kMaxDescriptor
  Unlisted unlisted = Unlisted::kClose;
  std::span<const policy::ResourceLimit> limits;
  std::span<const AllowedPath> landlock_paths;  // what stays reachable under Landlock; empty: nothing
  std::uint32_t connect_port = 0;            // the one TCP port that stays reachable under Landlock; 0: none
  std::span<const char* const> shown_paths;  // folders of the machine in the otherwise empty root, to read
  const policy::SyscallTable* syscalls = nullptr;
  bool keep_cap_kill = false;      // the monitor's one capability
  bool may_signal_others = false;  // the monitor ends processes outside its own Landlock domain
};

// Puts this process into its jail: the steps in jail.cc, in that order, each verified from inside.  A layer
// of `required` that cannot be had is an error, which names it, unless it is in `missing_allowed`.
//   offers   which better forms to take: what the kernel has, or less
//   returns  the layers of `required` that were verified to be on, and their better forms
//   errors   kBroken, "jail: LAYER: ..."; the process is then half jailed and must exit with kExitNotJailed
//   needs    one thread; /proc; everything that will ever be opened, created or loaded is open, created,
//   loaded
[[nodiscard]] base::Result<policy::Layers> enter(const Jail& jail, const KernelOffers& offers);
[[nodiscard]] inline base::Result<policy::Layers> enter(const Jail& jail) {
  return enter(jail, kernel_offers());
}

// The kinds of process, ready-made.  `keep_fds` lists the standard descriptors, the link and whatever else
// the process goes on using (not the loop's own objects, where it has a loop).
//   database_port  of a database over TCP; 0: on a Unix socket, and no network at all
[[nodiscard]] Jail jail_for_monitor(policy::Layers missing_allowed, std::span<const int> keep_fds,
                                    std::uint16_t database_port);
// name: "net-local" or "net-tunnel"; nothing else differs.
[[nodiscard]] Jail jail_for_gateway(policy::Layers missing_allowed, std::span<const int> keep_fds,
                                    const char* name = "net-local");
[[nodiscard]] Jail jail_for_admin(policy::Layers missing_allowed, std::span<const int> keep_fds);
[[nodiscard]] Jail jail_for_zygote(policy::Layers missing_allowed, std::span<const int> keep_fds);
[[nodiscard]] Jail jail_for_egress(policy::Layers missing_allowed, std::span<const int> keep_fds);
// shown: name_service_paths(), which must outlive enter().
[[nodiscard]] Jail jail_for_dialer(policy::Layers missing_allowed, std::span<const int> keep_fds,
                                   std::span<const char* const> shown);
[[nodiscard]] Jail jail_for_password(policy::Layers missing_allowed, std::span<const int> keep_fds);

// Where this machine keeps what names are looked up with, as far as it is there: /etc, and the sockets and
// files of its name services.
[[nodiscard]] std::vector<const char*> name_service_paths();

}  // namespace mcpbox::jail
