// Landlock: the kernel checks file access against a list that the process gave itself and cannot lengthen.
//   required  file-system rights of ABI 2 (Linux 5.19), no path allowed
//   better    cutting files short (ABI 3), no TCP (ABI 4), ioctl on devices (ABI 5), no abstract socket or
//             signal to anything outside the domain (ABI 6)
//   a TCP database takes one port out of "no TCP": connections to that port, on any address, and no listening
//   the dialer takes all ports out (kEveryPort): connections, and no listening
// connect() to a Unix socket by path is not among the rights we handle, so a database socket needs no rule.
#pragma once

#include <cstdint>
#include <span>

#include "policy/layers.h"
#include "privsep/base/error.h"
#include "privsep/base/fd.h"

namespace mcpbox::jail {

inline constexpr std::uint64_t kLandlockReadFile = 1u << 2;
inline constexpr std::uint64_t kLandlockReadFolder = 1u << 3;

struct AllowedPath {
  const char* path;      // exists when the ruleset is made; the rule covers everything below it
  std::uint64_t rights;  // kLandlockRead...
};

inline constexpr std::uint32_t kEveryPort = 0x10000;  // as a connect_port

enum class Signals : unsigned char {
  kOwnDomain,  // only to processes of the same domain or one below it
  kAnywhere,   // as the kernel's other rules allow
};

// Makes a ruleset: nothing but `paths`, and `connect_port` over TCP unless it is 0, is reachable for a
// process that enters it.
//   abi      what it may ask of the kernel: kernel_offers().landlock_abi, or less
//   returns  its descriptor, close-on-exec; kBroken where the kernel has no Landlock, or less than ABI 2
[[nodiscard]] base::Result<base::Fd> make_ruleset(long abi, std::span<const AllowedPath> paths,
                                                  Signals signals, std::uint32_t connect_port = 0);

// Puts this process and its later children under the ruleset, for good.  Needs no_new_privs.  Does not
// allocate.
//   returns  0 or an errno
[[nodiscard]] int restrict_self(int ruleset_fd) noexcept;

// restrict_self(), then looks: "/" must not open any more, and where the ABI has them, TCP must be refused
// and an abstract socket outside must not be reachable.
[[nodiscard]] base::Result<void> enter_landlock(long abi, std::span<const AllowedPath> paths, Signals signals,
                                                std::uint32_t connect_port = 0);

// The better forms that a domain of this ABI has.
[[nodiscard]] policy::Layers landlock_forms(long abi);

}  // namespace mcpbox::jail
