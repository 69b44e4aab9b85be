// Which addresses are this machine's own: asked of the kernel, about one address, when it matters.
#pragma once

#include <cstdint>
#include <utility>

#include "policy/addresses.h"
#include "privsep/base/error.h"
#include "privsep/base/fd.h"

namespace mcpbox::dialer {

// Over a netlink socket, because nothing else knows all of them: the source that the kernel would take for a
// destination is another address where a network has several of ours, or where whole prefixes lead here.
class Routes {
 public:
  // Before the jail, which allows no such socket afterwards.
  [[nodiscard]] static base::Result<Routes> open();
  [[nodiscard]] int fd() const { return netlink_.get(); }

  // As the routing tables are now.  What the kernel does not tell counts as kHere.
  [[nodiscard]] policy::Leads leads(const policy::Address& address);

 private:
  explicit Routes(base::Fd netlink) : netlink_(std::move(netlink)) {}
  base::Fd netlink_;
  std::uint32_t asked_ = 0;
};

}  // namespace mcpbox::dialer
