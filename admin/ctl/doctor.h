// What `doctor` looks at.  Each look gives findings; none of them changes anything (the attack on the jail
// happens in processes of its own, and its attempts do no harm where they should succeed).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "privsep/protocol/messages_attack.h"
#include "privsep/protocol/messages_ctl.h"

namespace mcpbox::ctl {

enum class Health : unsigned char {
  kGood,
  kNote,     // worth knowing; MCPbox works
  kProblem,  // something that it needs is not so
};

struct Finding {
  Health health = Health::kGood;
  std::string what;  // may hold outside text: shown through visible()
  std::string fix;   // what to do; empty when there is nothing to do
};
using Findings = std::vector<Finding>;

// The kernel: Landlock, seccomp, user namespaces, memfd_secret, cgroup v2.
[[nodiscard]] Findings look_at_kernel();

// The state folder: owner, permissions, the key file, disk space.
//   config  the configuration file, which may be elsewhere
[[nodiscard]] Findings look_at_state(const std::string& folder, const std::string& config);

// Whoever `allow-user` names in `config`: root by another way (sudo without a password, docker, lxd, disk)?
//   root    goes before every path: "" for this machine
[[nodiscard]] Findings look_at_people(const std::string& root, const std::string& config);

// The clock and the kernel's random numbers.
[[nodiscard]] Findings look_at_machine();
[[nodiscard]] Findings judge_clock(bool synchronised, std::int64_t seconds);  // since 1970
[[nodiscard]] Findings judge_entropy(bool ready);

// Do the units start with the machine, and are they as they were installed?  Nothing where there are none.
[[nodiscard]] Findings look_at_units(const std::string& root);

// The monitor's own word: processes and their layers, database, freeze, warnings.
[[nodiscard]] Findings look_at_status(const protocol::Status& status);

// What an attack on the jail of a call found; only who may decide can order one.
[[nodiscard]] Findings look_at_attack(const protocol::AttackReport& report);

// Every listener of the status is on loopback, by its name and by the kernel's own tables.
//   tables  the text of /proc/net/tcp and /proc/net/tcp6, one after the other
[[nodiscard]] Findings look_at_listeners(const protocol::Status& status, std::string_view tables);

struct ListeningSocket {
  std::string address;  // "127.0.0.1", "[::1]", or hexadecimal as the kernel prints it
  std::uint16_t port = 0;
  bool loopback = false;
};
// The sockets in state LISTEN of such a table; lines that are none are passed over.
[[nodiscard]] std::vector<ListeningSocket> listening_in(std::string_view table);

}  // namespace mcpbox::ctl
