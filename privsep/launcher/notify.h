// What the service manager wants to know (sd_notify(3)), said without its library: root links libc only.
#pragma once

#include <string_view>

#include "privsep/base/fd.h"

namespace mcpbox::launcher {

class Notify {
 public:
  // Connects to NOTIFY_SOCKET, a path or `@` and an abstract name.  Without it, or when nobody listens there,
  // nothing is ever said: whoever started us does not ask.
  static Notify from_environment();

  // As in sd_notify(3): "READY=1", "STOPPING=1", "WATCHDOG=1".
  void tell(std::string_view state) const;

 private:
  base::Fd socket_;
};

}  // namespace mcpbox::launcher
