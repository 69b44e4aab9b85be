// Run by the launcher (root).  Data and look-ups: the whole of what a stolen monitor can make root do.
#include "privsep/launcher/spawn_table.h"

#include <algorithm>

#include "policy/oom_order.h"

namespace mcpbox::launcher {
namespace {

using protocol::Role;

// clang-format off
constexpr SpawnRow kRows[] = {
    // role             binary             title                        account             id     layers                    power                 listeners          when memory runs out
    { Role::kMonitor,  "mcpbox-monitor",  "mcpbox-monitor [priv]",      "mcpbox-monitor",   60801, policy::kMonitorLayers,  Power::kKillOnly,     Listeners::kNone, policy::kOomMonitor },
    { Role::kNetLocal, "mcpbox-gateway",  "mcpbox-gateway [net-local]", "mcpbox-net-local", 60802, policy::kGatewayLayers,  Power::kOwnNamespace, Listeners::kMcp,  policy::kOomGateway },
    { Role::kNetTunnel, "mcpbox-gateway", "mcpbox-gateway [net-tunnel]", "mcpbox-net-tunnel", 60803, policy::kGatewayLayers, Power::kOwnNamespace, Listeners::kTunnel, policy::kOomGateway },
    { Role::kAdmin,    "mcpbox-admin",    "mcpbox-admin [admin]",       "mcpbox-admind",    60804, policy::kAdminLayers,    Power::kOwnNamespace, Listeners::kAdmin, policy::kOomGateway },
    { Role::kZygote,   "mcpbox-executor", "mcpbox-executor [zygote]",   "mcpbox-executor",  60807, policy::kZygoteLayers,   Power::kOwnNamespace, Listeners::kNone, policy::kOomZygote },
    { Role::kAttack,   "mcpbox-executor", "mcpbox-executor [attack]",   "mcpbox-executor",  60807, policy::kZygoteLayers,   Power::kOwnNamespace, Listeners::kNone, policy::kOomZygote },
    { Role::kPassword, "mcpbox-password", "mcpbox-password [password]", "mcpbox-password",  60808, policy::kPasswordLayers, Power::kOwnNamespace, Listeners::kNone, policy::kOomPassword },
    { Role::kEgress,   "mcpbox-egress",   "mcpbox-egress [egress]",     "mcpbox-egress",    60805, policy::kEgressLayers,   Power::kOwnNamespace, Listeners::kNone, policy::kOomEgress },
    { Role::kDialer,   "mcpbox-dialer",   "mcpbox-dialer [dial]",       "mcpbox-dialer",    60806, policy::kDialerLayers,   Power::kOwnNamespace, Listeners::kNone, policy::kOomDialer },
};
// clang-format on

// The attacker is a zygote in everything but what it runs: an attack on another jail would prove nothing.
constexpr bool is_attack_on_zygote(const SpawnRow& a, const SpawnRow& b) {
  const bool pair = (a.role == Role::kZygote && b.role == Role::kAttack) ||
                    (a.role == Role::kAttack && b.role == Role::kZygote);
  return pair && a.layers == b.layers && a.power == b.power && a.listeners == b.listeners;
}
constexpr bool ids_are_distinct() {
  for (const SpawnRow& a : kRows)
    for (const SpawnRow& b : kRows)
      if (&a != &b && (a.role == b.role || (a.fixed_id == b.fixed_id && !is_attack_on_zygote(a, b))))
        return false;
  return std::ranges::all_of(kRows, [](const SpawnRow& row) { return row.fixed_id != kMigrateId; });
}
constexpr bool only_the_monitor_keeps_power() {
  return std::ranges::all_of(kRows, [](const SpawnRow& row) {
    const bool jailed =
        row.power == Power::kOwnNamespace && contains(row.layers, policy::Layer::kUserNamespace);
    return (row.role == Role::kMonitor) != jailed;
  });
}
constexpr bool each_listens_at_its_own() {
  return std::ranges::all_of(kRows, [](const SpawnRow& row) {
    return (row.listeners == Listeners::kMcp) == (row.role == Role::kNetLocal) &&
           (row.listeners == Listeners::kTunnel) == (row.role == Role::kNetTunnel) &&
           (row.listeners == Listeners::kAdmin) == (row.role == Role::kAdmin);
  });
}
constexpr bool only_the_dialer_sees_a_network() {
  return std::ranges::all_of(kRows, [](const SpawnRow& row) {
    const bool sees = !contains(row.layers, policy::Layer::kNetNamespace);
    return sees == (row.role == Role::kDialer || row.role == Role::kMonitor);
  });
}
static_assert(kRows[0].role == Role::kMonitor);
static_assert(ids_are_distinct(), "two processes under one uid could trace and signal each other");
static_assert(only_the_monitor_keeps_power(),
              "a child's capabilities must count inside its own namespace only");
static_assert(
    only_the_dialer_sees_a_network(),
    "a network in another process is a way around the grants (the monitor's filter makes no socket but "
    "the database's)");
static_assert(each_listens_at_its_own(), "a listener in another process is a way around its own");

}  // namespace

std::span<const SpawnRow> spawn_table() { return kRows; }

const SpawnRow* find_row(std::uint32_t role) {
  for (const SpawnRow& row : kRows)
    if (protocol::set_of(row.role) == role && row.role != Role::kMonitor) return &row;
  return nullptr;
}

}  // namespace mcpbox::launcher
