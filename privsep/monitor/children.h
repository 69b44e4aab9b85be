// The long-lived children: started through the launcher, watched, restarted.  A child that dies is restarted
// at once three times in ten minutes, then every two seconds.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>

#include "privsep/loop/task_set.h"
#include "privsep/monitor/peer.h"

namespace mcpbox::monitor {

class Monitor;

struct Child {
  protocol::Role role = protocol::Role::kNetLocal;
  policy::Layers required = 0;
  std::shared_ptr<Peer> peer;  // null while it is down
  base::Fd pidfd;
  int pid = 0;
  std::uint32_t restarts = 0;
  std::deque<std::int64_t> endings_ms;  // of the last ten minutes
  std::unique_ptr<loop::Timer> again;
};

class Children {
 public:
  explicit Children(Monitor& monitor) : m_(monitor) {}

  // Starts every child of the table in children.cc.
  void start();
  // From now on endings are not followed by a restart.
  void stop() { stopping_ = true; }
  // The launcher reaped this process.
  void ended(int pid, int wait_status);
  // The child said Hello.
  void serving(Instance instance);

  [[nodiscard]] const std::map<protocol::Role, Child>& all() const { return children_; }
  void each_gateway(const std::function<void(loop::Link&)>& action);

 private:
  loop::Task<> launch(protocol::Role role);
  void lost(protocol::Role role, const char* why);
  void schedule(Child& child);

  Monitor& m_;
  std::map<protocol::Role, Child> children_;
  bool stopping_ = false;
  loop::TaskSet tasks_;
};

}  // namespace mcpbox::monitor
