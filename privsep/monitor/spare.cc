// Runs in the monitor.  Trusts a call child for nothing but the bytes of its own answer.
#include "privsep/monitor/spare.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include "privsep/protocol/orders.h"

namespace mcpbox::monitor {

Spare::Spare(loop::Loop& loop, std::uint64_t number, base::Fd socket, base::Fd pidfd)
    : number_(number), pidfd_(std::move(pidfd)) {
  // A call child asks for nothing; a frame that is not an answer ends it.
  const loop::LinkLimits limits{.max_payload = protocol::Orders::max_reply_bytes(protocol::Role::kCall),
                                .fds_in = 0};
  link_ = std::make_unique<loop::Link>(
      loop, std::move(socket), limits,
      [this](const wire::Frame& /*frame*/) {
        link_->close({base::Why::kInvalid, "a call child asked for something"});
        kill();
      },
      [this](const base::Error& /*why*/) { kill(); });
}

void Spare::kill() {
  if (killed_) return;
  killed_ = true;
  ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
}

}  // namespace mcpbox::monitor
