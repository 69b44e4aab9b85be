// Who can be at the other end of a link.  A role is given by the launcher's spawn table (or by the
// control socket), never claimed by the peer.
#pragma once

#include <cstdint>
#include <string_view>

namespace mcpbox::protocol {

enum class Role : std::uint32_t {
  kMonitor = 1u << 0,     // [priv]       keys, database, decisions
  kNetLocal = 1u << 1,    // [net-local]  the gateway on loopback
  kZygote = 1u << 2,      // [zygote]     forks call children
  kCall = 1u << 3,        // [call]       one request, one tool
  kPassword = 1u << 4,    // [password]   one Argon2id question
  kCtl = 1u << 5,         // mcpboxctl    a person at a terminal, named by SO_PEERCRED
  kAttack = 1u << 6,      // [attack]     tries to break out of a jail that is the zygote's
  kAdmin = 1u << 7,       // [admin]      the admin API and the web UI
  kEgress = 1u << 8,      // [egress]     HTTP and TLS on sockets that it is given
  kDialer = 1u << 9,      // [dial]       names, addresses, connections
  kNetTunnel = 1u << 10,  // [net-tunnel] the gateway that cloudflared reaches
};

// A set of roles, for the table's "who may ask" column.
using Roles = std::uint32_t;

constexpr Roles operator|(Role a, Role b) { return static_cast<Roles>(a) | static_cast<Roles>(b); }
constexpr Roles operator|(Roles a, Role b) { return a | static_cast<Roles>(b); }
constexpr Roles set_of(Role role) { return static_cast<Roles>(role); }
constexpr bool contains(Roles roles, Role role) { return (roles & static_cast<Roles>(role)) != 0; }

struct RoleName {
  Role role;
  std::string_view name;  // as in `ps`, the log and mcpboxctl status
};
inline constexpr RoleName kRoleNames[] = {
    {Role::kMonitor, "priv"},  {Role::kNetLocal, "net-local"},   {Role::kZygote, "zygote"},
    {Role::kCall, "call"},     {Role::kPassword, "password"},    {Role::kCtl, "ctl"},
    {Role::kAttack, "attack"}, {Role::kAdmin, "admin"},          {Role::kEgress, "egress"},
    {Role::kDialer, "dial"},   {Role::kNetTunnel, "net-tunnel"},
};

constexpr std::string_view name_of(Role role) {
  for (const RoleName& row : kRoleNames)
    if (row.role == role) return row.name;
  return "unknown";
}

}  // namespace mcpbox::protocol
