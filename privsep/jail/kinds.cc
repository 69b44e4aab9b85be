// The jails of the kinds of process.  Read them side by side: the differences are the powers.
#include <unistd.h>

#include <algorithm>
#include <array>

#include "policy/syscall_tables.h"
#include "privsep/jail/jail.h"

namespace mcpbox::jail {

Jail jail_for_monitor(policy::Layers missing_allowed, std::span<const int> keep_fds,
                      std::uint16_t database_port) {
  return {.name = "priv",
          .required = policy::kMonitorLayers,
          .missing_allowed = missing_allowed,
          .keep_fds = keep_fds,
          .unlisted = Unlisted::kKeepLoopObjects,
          .limits = policy::kMonitorLimits,
          .connect_port = database_port,
          .syscalls = database_port == 0 ? &policy::kMonitorCalls : &policy::kMonitorTcpCalls,
          .keep_cap_kill = true,
          .may_signal_others = true};
}

Jail jail_for_gateway(policy::Layers missing_allowed, std::span<const int> keep_fds, const char* name) {
  return {.name = name,
          .required = policy::kGatewayLayers,
          .missing_allowed = missing_allowed,
          .keep_fds = keep_fds,
          .unlisted = Unlisted::kKeepLoopObjects,
          .limits = policy::kGatewayLimits,
          .syscalls = &policy::kGatewayCalls};
}

Jail jail_for_admin(policy::Layers missing_allowed, std::span<const int> keep_fds) {
  return {.name = "admin",
          .required = policy::kAdminLayers,
          .missing_allowed = missing_allowed,
          .keep_fds = keep_fds,
          .unlisted = Unlisted::kKeepLoopObjects,
          .limits = policy::kAdminLimits,
          .syscalls = &policy::kAdminCalls};
}

Jail jail_for_egress(policy::Layers missing_allowed, std::span<const int> keep_fds) {
  return {.name = "egress",
          .required = policy::kEgressLayers,
          .missing_allowed = missing_allowed,
          .keep_fds = keep_fds,
          .unlisted = Unlisted::kKeepLoopObjects,
          .limits = policy::kEgressLimits,
          .syscalls = &policy::kEgressCalls};
}

Jail jail_for_dialer(policy::Layers missing_allowed, std::span<const int> keep_fds,
                     std::span<const char* const> shown) {
  return {.name = "dial",
          .required = policy::kDialerLayers,
          .missing_allowed = missing_allowed,
          .keep_fds = keep_fds,
          .unlisted = Unlisted::kKeepLoopObjects,
          .limits = policy::kDialerLimits,
          .connect_port = kEveryPort,
          .shown_paths = shown,
          .syscalls = &policy::kDialerCalls};
}

std::vector<const char*> name_service_paths() {
  constexpr std::array kPlaces = {"/etc",
                                  "/run/systemd/resolve",
                                  "/run/resolvconf",
                                  "/run/NetworkManager",
                                  "/run/avahi-daemon",
                                  "/run/nscd",
                                  "/mnt/wsl"};
  std::vector<const char*> there;
  std::ranges::copy_if(kPlaces, std::back_inserter(there),
                       [](const char* place) { return ::access(place, R_OK | X_OK) == 0; });
  return there;
}

Jail jail_for_zygote(policy::Layers missing_allowed, std::span<const int> keep_fds) {
  return {.name = "zygote",
          .required = policy::kZygoteLayers,
          .missing_allowed = missing_allowed,
          .keep_fds = keep_fds,
          .limits = policy::kZygoteLimits,
          .syscalls = &policy::kZygoteCalls};
}

Jail jail_for_password(policy::Layers missing_allowed, std::span<const int> keep_fds) {
  return {.name = "password",
          .required = policy::kPasswordLayers,
          .missing_allowed = missing_allowed,
          .keep_fds = keep_fds,
          .limits = policy::kPasswordLimits,
          .syscalls = &policy::kPasswordCalls};
}

}  // namespace mcpbox::jail
