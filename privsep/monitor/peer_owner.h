// Which user owns the other end of a TCP connection on this machine.  The kernel is asked (socket
// diagnostics); the gateway that accepted the connection is not.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "privsep/base/error.h"
#include "privsep/base/fd.h"
#include "privsep/wire/spawn.h"

namespace mcpbox::monitor {

class PeerOwner {
 public:
  // Opens the netlink socket: before the jail, which allows no other kind of socket afterwards.
  static base::Result<PeerOwner> open();

  // The uid that owns the peer of `connection`.
  //   kRefused  the local address is none of `listeners`, the peer is not on loopback, or the kernel knows no
  //             owner (a half-closed connection has inode 0 and would look like root's)
  base::Result<std::uint32_t> uid_of(int connection, const wire::MonitorSettings& settings) const;

  [[nodiscard]] int fd() const { return netlink_.get(); }

 private:
  explicit PeerOwner(base::Fd netlink) : netlink_(std::move(netlink)) {}
  base::Fd netlink_;
};

}  // namespace mcpbox::monitor
