// The monitor's end of the link to the launcher: one message out, Spawn; three events in.
#pragma once

#include <functional>
#include <map>

#include "privsep/base/fd.h"
#include "privsep/loop/loop.h"
#include "privsep/protocol/roles.h"
#include "privsep/wire/spawn.h"

namespace mcpbox::monitor {

struct Spawned {
  base::Fd link;
  base::Fd pidfd;
  int pid = 0;
};

class LauncherLink {
 public:
  struct Events {
    std::function<void(int pid, int wait_status)> ended;  // a child was reaped
    std::function<void()> stop;                           // the launcher was told to stop, or is gone
  };

  LauncherLink(loop::Loop& loop, base::Fd socket, Events events);

  // kRefused when the launcher's table has no such row or the exec failed.
  virtual loop::Task<Spawned> spawn(protocol::Role role);
  virtual ~LauncherLink() = default;

 private:
  void on_readable();
  void on_event(const wire::LauncherEvent& event, std::vector<base::Fd>& fds);

  base::Fd socket_;
  Events events_;
  std::uint32_t next_serial_ = 1;
  std::map<std::uint32_t, loop::Later<Spawned>> waiting_;
  loop::Watch readable_;
};

}  // namespace mcpbox::monitor
