// Runs in every daemon at the door of its jail, and in the zygote for its calls.
// Debian 12's <linux/landlock.h> knows ABI 2 only, so the structures and rights are written down here
// (Documentation/userspace-api/landlock.rst).
#include "privsep/jail/landlock.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>

#include "privsep/jail/offers.h"

namespace mcpbox::jail {
namespace {

struct RulesetAttribute {
  std::uint64_t handled_access_fs;
  std::uint64_t handled_access_net;  // ABI 4
  std::uint64_t scoped;              // ABI 6
};
struct [[gnu::packed]] PathBeneath {
  std::uint64_t allowed_access;
  std::int32_t parent_fd;
};

struct NetPort {  // ABI 4
  std::uint64_t allowed_access;
  std::uint64_t port;
};

constexpr int kRulePathBeneath = 1;
constexpr int kRuleNetPort = 2;
constexpr std::uint16_t kDiscard = 9;  // a port to try that nobody needs

// clang-format off
constexpr std::uint64_t kFilesAbi1   = (1u << 13) - 1;  // execute, read, write, list, make and remove every kind
constexpr std::uint64_t kRefer       = 1u << 13;        // ABI 2: move between folders
constexpr std::uint64_t kTruncate    = 1u << 14;        // ABI 3
constexpr std::uint64_t kDeviceIoctl = 1u << 15;        // ABI 5
constexpr std::uint64_t kTcp         = 3;               // ABI 4: bind, connect
constexpr std::uint64_t kConnect     = 2;               // the second of them
constexpr std::uint64_t kAbstract    = 1;               // ABI 6: connect to abstract Unix sockets outside
constexpr std::uint64_t kSignal      = 2;               // ABI 6: signal processes outside
// clang-format on

constexpr long kTruncateAbi = 3, kNetworkAbi = 4, kDevicesAbi = 5, kScopesAbi = 6;

// A right that the kernel does not know is an error, so each is asked for from its ABI on.
RulesetAttribute everything(long abi, Signals signals, std::uint32_t connect_port) {
  RulesetAttribute all = {.handled_access_fs = kFilesAbi1 | kRefer, .handled_access_net = 0, .scoped = 0};
  if (abi >= kTruncateAbi) all.handled_access_fs |= kTruncate;
  if (abi >= kNetworkAbi) all.handled_access_net = connect_port == kEveryPort ? kTcp & ~kConnect : kTcp;
  if (abi >= kDevicesAbi) all.handled_access_fs |= kDeviceIoctl;
  if (abi >= kScopesAbi) all.scoped = signals == Signals::kOwnDomain ? kAbstract | kSignal : kAbstract;
  return all;
}

base::Result<void> allow(int ruleset, const AllowedPath& allowed) {
  const base::Fd folder(::open(allowed.path, O_PATH | O_CLOEXEC));
  if (!folder) return base::fail_errno("jail: landlock: an allowed path does not exist");
  const PathBeneath rule = {.allowed_access = allowed.rights, .parent_fd = folder.get()};
  if (::syscall(SYS_landlock_add_rule, static_cast<long>(ruleset), static_cast<long>(kRulePathBeneath), &rule,
                0L) < 0)
    return base::fail_errno("jail: landlock: an allowed path is refused");
  return {};
}

base::Result<void> allow_port(int ruleset, std::uint16_t port) {
  const NetPort rule = {.allowed_access = kConnect, .port = port};
  if (::syscall(SYS_landlock_add_rule, static_cast<long>(ruleset), static_cast<long>(kRuleNetPort), &rule,
                0L) < 0)
    return base::fail_errno("jail: landlock: the database's port is refused");
  return {};
}

// "/" exists for everybody and is readable for everybody; only Landlock answers EACCES.
base::Result<void> verify_files() {
  const base::Fd root(::open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (root || errno != EACCES) return base::fail(base::Why::kBroken, "jail: landlock: a folder still opens");
  return {};
}

// The check comes before the kernel looks at addresses, so this means the same with and without a network.
base::Result<void> verify_tcp(std::uint32_t connect_port) {
  const base::Fd probe(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!probe) return {};  // no TCP at all
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (::bind(probe.get(), generic, sizeof address) == 0 || errno != EACCES)
    return base::fail(base::Why::kBroken, "jail: landlock: TCP is still possible");
  if (connect_port == 0 || connect_port == kEveryPort) return {};
  address.sin_port = htons(connect_port == kDiscard ? kDiscard + 1 : kDiscard);
  if (::connect(probe.get(), generic, sizeof address) == 0 || errno != EACCES)
    return base::fail(base::Why::kBroken, "jail: landlock: a port is reachable that is not the database's");
  return {};
}

// A Unix socket with an abstract name that the kernel chose, made before the domain and so outside it.
struct Outsider {
  base::Fd socket;
  sockaddr_un name = {};
  socklen_t size = sizeof name;
};

base::Result<Outsider> make_outsider() {
  Outsider made;
  made.socket.reset(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  made.name.sun_family = AF_UNIX;
  auto* generic = reinterpret_cast<sockaddr*>(&made.name);
  if (!made.socket || ::bind(made.socket.get(), generic, sizeof made.name.sun_family) < 0 ||
      ::getsockname(made.socket.get(), generic, &made.size) < 0)
    return base::fail_errno("jail: landlock: no socket to try the scopes with");
  return made;
}

base::Result<void> verify_scopes(const Outsider& outsider) {
  const base::Fd probe(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const auto* generic = reinterpret_cast<const sockaddr*>(&outsider.name);
  if (!probe || ::connect(probe.get(), generic, outsider.size) == 0 || errno != EPERM)
    return base::fail(base::Why::kBroken, "jail: landlock: a socket outside is still reachable");
  return {};
}

}  // namespace

base::Result<base::Fd> make_ruleset(long abi, std::span<const AllowedPath> paths, Signals signals,
                                    std::uint32_t connect_port) {
  if (abi < kLeastOffers.landlock_abi)
    return base::fail(base::Why::kBroken,
                      "jail: landlock: ABI 2 is needed, and this kernel has less (it is off, or too old)");
  const RulesetAttribute all = everything(abi, signals, connect_port);
  base::Fd ruleset(static_cast<int>(::syscall(SYS_landlock_create_ruleset, &all, sizeof all, 0L)));
  if (!ruleset) return base::fail_errno("jail: landlock: no ruleset");
  for (const AllowedPath& allowed : paths) {
    const base::Result<void> added = allow(ruleset.get(), allowed);
    if (!added) return std::unexpected(added.error());
  }
  if (connect_port != 0 && connect_port != kEveryPort && all.handled_access_net != 0)
    if (const base::Result<void> added = allow_port(ruleset.get(), static_cast<std::uint16_t>(connect_port));
        !added)
      return std::unexpected(added.error());
  return ruleset;
}

int restrict_self(int ruleset_fd) noexcept {
  return ::syscall(SYS_landlock_restrict_self, static_cast<long>(ruleset_fd), 0L) < 0 ? errno : 0;
}

base::Result<void> enter_landlock(long abi, std::span<const AllowedPath> paths, Signals signals,
                                  std::uint32_t connect_port) {
  const base::Result<base::Fd> ruleset = make_ruleset(abi, paths, signals, connect_port);
  if (!ruleset) return std::unexpected(ruleset.error());
  const base::Result<Outsider> outsider = abi >= kScopesAbi ? make_outsider() : Outsider{};
  if (!outsider) return std::unexpected(outsider.error());
  const int failed = restrict_self(ruleset->get());
  if (failed != 0) return base::fail(base::Why::kBroken, "jail: landlock: not entered", failed);
  base::Result<void> holds = verify_files();
  if (holds && abi >= kNetworkAbi) holds = verify_tcp(connect_port);
  if (holds && abi >= kScopesAbi) holds = verify_scopes(*outsider);
  return holds;
}

policy::Layers landlock_forms(long abi) {
  policy::Layers forms = 0;
  if (abi >= kTruncateAbi) forms = forms | policy::Better::kLandlockTruncate;
  if (abi >= kNetworkAbi) forms = forms | policy::Better::kLandlockNetwork;
  if (abi >= kDevicesAbi) forms = forms | policy::Better::kLandlockDevices;
  if (abi >= kScopesAbi) forms = forms | policy::Better::kLandlockScopes;
  return forms;
}

}  // namespace mcpbox::jail
