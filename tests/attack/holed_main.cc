// An executor whose jail has one hole, attacked by the product's own corpus: if that does not find it, the
// corpus is worth nothing.
//   holed_executor HOLE                          over descriptor 3, as [attack] does
//   holed_executor --role ROLE --allow-missing N  in place of mcpbox-executor: the hole "stat"
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "executor/attack/attack.h"
#include "policy/rlimits.h"
#include "policy/syscall_tables.h"
#include "privsep/jail/jail.h"
#include "privsep/jail/landlock.h"
#include "privsep/jail/offers.h"
#include "privsep/jail/rlimits.h"
#include "privsep/jail/seccomp.h"
#include "privsep/protocol/orders.h"
#include "privsep/wire/blocking.h"

namespace mcpbox {
namespace {

using policy::kAllow;
using policy::Layer;
using policy::SyscallRule;
using policy::SyscallTable;

constexpr int kLink = 3;
constexpr int kEgress = 4;
constexpr std::chrono::seconds kPatience{2};  // some of these holes let an attempt wait for ever

struct Holed {
  std::string_view name;
  long opened = -1;            // a system call that both filters let through, whatever its arguments
  policy::Layers without = 0;  // layers that the zygote lacks
  bool filter = true;          // the call's own
  bool limits = true;
  bool descriptors = true;  // closed
  bool landlock = true;
};

const Holed kHoles[] = {
    {.name = "none"},
    {.name = "stat", .opened = SYS_newfstatat},
    {.name = "socket", .opened = SYS_socket},
    {.name = "ptrace", .opened = SYS_ptrace},
    {.name = "read_sibling", .opened = SYS_process_vm_readv},
    {.name = "write_sibling", .opened = SYS_process_vm_writev},
    {.name = "clock", .opened = SYS_clock_gettime},
    {.name = "mmap", .opened = SYS_mmap},
    {.name = "kill", .opened = SYS_kill},
    {.name = "pause", .opened = SYS_pause},
    {.name = "filter", .filter = false},
    {.name = "both_filters", .without = static_cast<policy::Layers>(Layer::kSeccomp), .filter = false},
    {.name = "limits", .limits = false},
    {.name = "descriptors", .descriptors = false},
    {.name = "everything",
     .without = Layer::kSeccomp | Layer::kLandlock | Layer::kEmptyRoot,
     .filter = false,
     .limits = false,
     .descriptors = false,
     .landlock = false},
};

const Holed& hole_named(std::string_view name) {
  for (const Holed& hole : kHoles)
    if (hole.name == name) return hole;
  return kHoles[1];
}

std::vector<SyscallRule> widened(const SyscallTable& table, long opened) {
  std::vector<SyscallRule> rules;
  for (const SyscallRule& rule : table.rules)
    if (rule.call != opened) rules.push_back(rule);
  if (opened >= 0) rules.push_back({static_cast<int>(opened), kAllow, {}, "the hole"});
  return rules;
}

struct Prepared {
  base::Fd ruleset;
  std::vector<sock_filter> filter;
};

// As CallJail::try_enter(), with the hole.
int enter(const Holed& hole, const Prepared& made, int socket, int egress) {
  ::dup2(socket, kLink);
  ::dup2(egress, kEgress);
  bool jailed = !hole.landlock || jail::restrict_self(made.ruleset.get()) == 0;
  if (hole.descriptors)
    jailed = jailed && ::close_range(0, kLink - 1, 0) == 0 && ::close_range(kEgress + 1, ~0u, 0) == 0;
  if (hole.limits) jailed = jailed && jail::lower_limits(policy::kCallLimits) == 0;
  if (hole.filter) jailed = jailed && jail::load_filter(made.filter) == 0;
  if (!jailed) ::_exit(1);
  return kLink;
}

int attack_jail_with(const Holed& hole) {
  Prepared made;
  base::Result<base::Fd> ruleset =
      jail::make_ruleset(jail::kernel_offers().landlock_abi, {}, jail::Signals::kOwnDomain);
  if (!ruleset) return 1;
  made.ruleset = base::Fd(::fcntl(ruleset->get(), F_DUPFD_CLOEXEC, 10));
  const std::vector<SyscallRule> inner = widened(policy::kCallCalls, hole.opened);
  const std::vector<SyscallRule> outer = widened(policy::kZygoteCalls, hole.opened);
  base::Result<std::vector<sock_filter>> filter =
      jail::compile({.name = "call", .otherwise = policy::kKill, .rules = inner});
  if (!filter) return 1;
  made.filter = std::move(*filter);

  const std::array<int, 5> keep{0, 1, 2, kLink, made.ruleset.get()};
  jail::Jail mine = jail::jail_for_zygote(0, keep);
  const SyscallTable table{.name = "zygote", .otherwise = policy::fail(EPERM), .rules = outer};
  mine.syscalls = &table;
  mine.required &= ~hole.without;
  if (!jail::enter(mine)) return jail::kExitNotJailed;

  base::Result<wire::Frame> order = wire::read_frame(kLink, 64);
  if (!order) return 1;
  attack::Runner runner([&hole, &made](int socket, int egress) { return enter(hole, made, socket, egress); },
                        kPatience);
  const base::Result<attack::Outcome> outcome = runner.run(attack::against_call_jail(attack::Corpus::kShort));
  if (!outcome) return 1;
  protocol::AttackReport report{.layers = mine.required, .attempts = outcome->attempts};
  report.holes = static_cast<std::uint32_t>(outcome->holes.size());
  for (const attack::Hole& found : outcome->holes)
    if (report.first.size() < decltype(report.first)::kMax)
      report.first.push_back({.name = found.name, .expected = found.expected, .found = found.found});
  return wire::write_message(kLink, wire::FrameKind::kReply, order->header.op, order->header.serial, report)
             ? 0
             : 1;
}

}  // namespace
}  // namespace mcpbox

int main(int argc, char** argv) {
  const std::string_view first = argc > 1 ? argv[1] : "";
  if (first == "--role" && argc > 2 && std::strcmp(argv[2], "attack") != 0)
    return mcpbox::jail::kExitNotJailed;
  return mcpbox::attack_jail_with(mcpbox::hole_named(first));
}
