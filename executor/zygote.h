// The zygote's loop: forks spares when the monitor asks, tells how they ended.  C++ only between forks: no
// Python runs here, nothing a child wrote is read, and only the monitor is listened to.
#pragma once

#include <cstdint>
#include <vector>

#include "executor/python.h"
#include "executor/rehearsal.h"
#include "policy/layers.h"
#include "privsep/base/error.h"
#include "privsep/base/fd.h"
#include "privsep/jail/call.h"
#include "privsep/jail/oom.h"
#include "privsep/jail/title.h"
#include "privsep/protocol/messages_zygote.h"

namespace mcpbox::executor {

class Zygote {
 public:
  // All must outlive this.  rehearsal, calls, oom: made before the zygote's own jail.
  Zygote(Python& python, const Rehearsal& rehearsal, const jail::CallJail& calls, const jail::OomOrder& oom,
         const jail::Title& title)
      : python_(python), rehearsal_(rehearsal), calls_(calls), oom_(oom), title_(title) {}

  // Says Hello on `link`, waits for the answer, then serves until the monitor closes it.
  //   layers   what jail::enter() verified
  //   returns  kCancelled when the monitor went away (the usual end); else what went wrong with it
  [[nodiscard]] base::Error serve(int link, policy::Layers layers);

 private:
  struct Child {
    std::uint64_t spare;
    pid_t pid;
    base::Fd pidfd;
  };

  [[nodiscard]] base::Result<void> greet(policy::Layers layers);
  [[nodiscard]] base::Result<void> obey();
  [[nodiscard]] base::Result<void> fork_spare(std::uint32_t serial, protocol::ForkSpare order);
  [[noreturn]] void become_call(const protocol::ForkSpare& order);
  [[nodiscard]] base::Result<void> report_ended(const Child& child);
  [[nodiscard]] base::Result<void> turn();

  Python& python_;
  const Rehearsal& rehearsal_;
  const jail::CallJail& calls_;
  const jail::OomOrder& oom_;
  const jail::Title& title_;
  int link_ = -1;
  std::vector<Child> children_;
};

}  // namespace mcpbox::executor
