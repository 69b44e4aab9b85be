// Runs in every daemon at the door of its jail, single-threaded, before it reads a byte from anybody.
// The order below is the design; each comment says what would break elsewhere in the list.
#include "privsep/jail/jail.h"

#include "privsep/jail/identity.h"
#include "privsep/jail/namespaces.h"
#include "privsep/jail/rlimits.h"
#include "privsep/jail/seccomp.h"

namespace mcpbox::jail {
namespace {

using base::Result;
using policy::Layer;

struct Entry {
  const Jail& jail;
  const KernelOffers& offers;
};

struct Step {
  Layer layer;  // what it gives, once verified
  Result<void> (*apply)(const Entry&);
};

Result<void> own_uid(const Entry& at) { return verify_own_uid(at.jail.own_uid, at.jail.link_fd); }
Result<void> parent_death(const Entry& /*at*/) { return verify_parent_death(); }
Result<void> user_namespace(const Entry& /*at*/) { return verify_user_namespace(); }
template <Layer layer>
Result<void> own_namespace(const Entry& /*at*/) {
  return verify_namespace(layer);
}
Result<void> root(const Entry& at) { return empty_root(at.jail.shown_paths); }
Result<void> limits(const Entry& at) { return enter_limits(at.jail.limits); }
Result<void> capabilities(const Entry& at) {
  return drop_capabilities(at.jail.keep_cap_kill ? Keep::kKill : Keep::kNothing);
}
Result<void> privileges(const Entry& /*at*/) { return forbid_new_privileges(); }
Result<void> memory(const Entry& at) {
  const Result<void> dump = forbid_dump();
  return dump && at.offers.write_xor_execute ? forbid_new_code() : dump;
}
Result<void> landlock(const Entry& at) {
  std::vector<AllowedPath> paths(at.jail.landlock_paths.begin(), at.jail.landlock_paths.end());
  for (const char* shown : at.jail.shown_paths)
    paths.push_back({.path = shown, .rights = kLandlockReadFile | kLandlockReadFolder});
  return enter_landlock(at.offers.landlock_abi, paths,
                        at.jail.may_signal_others ? Signals::kAnywhere : Signals::kOwnDomain,
                        at.jail.connect_port);
}
Result<void> seccomp(const Entry& at) { return enter_seccomp(*at.jail.syscalls); }

policy::Layers better_forms(policy::Layers on, const KernelOffers& offers) {
  policy::Layers forms = 0;
  if (policy::contains(on, Layer::kLandlock)) forms |= landlock_forms(offers.landlock_abi);
  if (policy::contains(on, Layer::kNotDumpable) && offers.write_xor_execute)
    forms = forms | policy::Better::kWriteXorExecute;
  return forms;
}

// clang-format off
constexpr Step kSteps[] = {
    // What the launcher did; looked at first, because the steps after it rely on it or take the means away:
    { Layer::kOwnUid,          own_uid },         // asks the link's socket: no such call after seccomp
    { Layer::kParentDeath,     parent_death },
    { Layer::kUserNamespace,   user_namespace },  // empty_root() in the machine's own would unmount the machine
    { Layer::kPidNamespace,    own_namespace<Layer::kPidNamespace> },  // these need /proc, which empty_root() removes
    { Layer::kNetNamespace,    own_namespace<Layer::kNetNamespace> },
    { Layer::kMountNamespace,  own_namespace<Layer::kMountNamespace> },
    { Layer::kIpcNamespace,    own_namespace<Layer::kIpcNamespace> },
    { Layer::kUtsNamespace,    own_namespace<Layer::kUtsNamespace> },
    { Layer::kCgroupNamespace, own_namespace<Layer::kCgroupNamespace> },
    // What the process does to itself:
    { Layer::kEmptyRoot,       root },            // needs CAP_SYS_ADMIN; Landlock would refuse every mount
    { Layer::kResourceLimits,  limits },          // after the root: making it takes descriptors
    { Layer::kNoCapabilities,  capabilities },    // nothing below needs one; above, the root did
    { Layer::kNoNewPrivileges, privileges },      // Landlock and seccomp are refused without it
    { Layer::kNotDumpable,     memory },          // after the last change of identity, which would reset it
    { Layer::kLandlock,        landlock },        // makes its ruleset: system calls that seccomp refuses
    { Layer::kSeccomp,         seccomp },         // last: it refuses what every other step is made of
};
// clang-format on

}  // namespace

// Descriptors come before everything: one that leads into the machine's tree would make the empty root
// pointless.
Result<policy::Layers> enter(const Jail& jail, const KernelOffers& offers) {
  const Result<void> closed = close_other_fds(jail.keep_fds, jail.unlisted);
  if (!closed) return std::unexpected(closed.error());

  policy::Layers on = 0;
  for (const Step& step : kSteps) {
    if (!policy::contains(jail.required, step.layer)) continue;
    const Result<void> done = step.apply({.jail = jail, .offers = offers});
    if (done) on = on | step.layer;
    if (!done && !policy::contains(jail.missing_allowed, step.layer)) return std::unexpected(done.error());
  }
  return on | better_forms(on, offers);
}

}  // namespace mcpbox::jail
