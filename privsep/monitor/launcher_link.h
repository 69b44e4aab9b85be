// The monitor's end of the link to the launcher: two questions and a sign of life out, Spawn, Look and Alive;
// the answers and two events in.
#pragma once

#include <deque>
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
  // /proc/PID/stat of the process behind this pidfd, open for reading (launcher/look.h).  One question at a
  // time is on its way, however many ask: so no number of waiting calls fills the launcher's end of the link.
  //   errors  kRefused when the process is gone
  virtual loop::Task<base::Fd> look_into(base::Fd pidfd);
  // For the service manager's watchdog.  A launcher that does not read misses it, as it should.
  void say_alive();
  virtual ~LauncherLink() = default;

 private:
  void on_readable();
  void on_event(const wire::LauncherEvent& event, std::vector<base::Fd>& fds);
  void on_spawn_answer(const wire::LauncherEvent& event, std::vector<base::Fd>& fds);
  void on_look_answer(const wire::LauncherEvent& event, std::vector<base::Fd>& fds);
  void send_next_look();

  base::Fd socket_;
  Events events_;
  std::uint32_t next_serial_ = 1;
  std::map<std::uint32_t, loop::Later<Spawned>> waiting_;
  struct Look {
    base::Fd pidfd;
    loop::Later<base::Fd> stat;
    std::uint32_t serial = 0;  // 0: not yet sent
  };
  std::deque<Look> looks_;  // only the first one is sent
  loop::Watch readable_;
};

}  // namespace mcpbox::monitor
