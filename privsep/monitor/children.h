// Processes that the launcher starts for us and that live for longer than one question: started, greeted,
// watched.  The gateways, egress and the dialer are also kept: one that dies is restarted at once three times
// in ten minutes, then every two seconds.  The tunnel's gateway, which strangers reach, stays down after
// twenty endings in that time, until an administrator has looked.  Zygotes have their own life: spares.h.
#pragma once

#include <deque>
#include <functional>
#include <list>
#include <memory>

#include "privsep/loop/task_set.h"
#include "privsep/monitor/peer.h"

namespace mcpbox::monitor {

class Monitor;

// One process, from its start until both its link and the process itself are gone.
struct Child {
  struct Events {
    std::function<void()> serving;                 // it said Hello
    std::function<void(const base::Error&)> lost;  // its link ended: it is of no use any more; at most once
  };
  protocol::Role role = protocol::Role::kNetLocal;
  Instance instance = 0;
  policy::Layers required = 0;
  std::shared_ptr<Peer> peer;  // null once it is lost
  base::Fd pidfd;
  int pid = 0;           // 0 once it was reaped
  bool leaving = false;  // we ended it: nothing to worry about
  Events events;
  std::unique_ptr<loop::Timer> patience;  // until Hello

  [[nodiscard]] bool serving() const { return peer != nullptr && peer->state == protocol::State::kServing; }
};

inline constexpr std::size_t kTunnelEndings = 20;  // in ten minutes; then it stays down

// How soon something that died is started again.
class Restarts {
 public:
  // After an ending at this time: milliseconds to wait, none for the first three in ten minutes.
  std::int64_t pause_after(std::int64_t now_ms, std::int64_t pause_ms = policy::limits::kRestartPauseMs);
  // Endings of the ten minutes before the last one.
  [[nodiscard]] std::size_t recent() const { return endings_ms_.size(); }
  void forget() { endings_ms_.clear(); }
  [[nodiscard]] std::uint32_t count() const { return count_; }

 private:
  std::uint32_t count_ = 0;
  std::deque<std::int64_t> endings_ms_;  // of the last ten minutes
};

class Children {
 public:
  explicit Children(Monitor& monitor, std::int64_t hello_ms = policy::limits::kHelloTimeoutMs,
                    std::int64_t pause_ms = policy::limits::kRestartPauseMs)
      : m_(monitor), hello_ms_(hello_ms), pause_ms_(pause_ms) {}

  // Starts one process.  Not yet greeted: what it must know before its Hello can be asked of it at once.
  loop::Task<std::shared_ptr<Child>> launch(protocol::Role role, Child::Events events);

  // Starts and keeps those.
  void start();
  // An administrator has looked at what stayed down: it is started again.
  void bring_back(protocol::Role role);
  // From now on endings are not followed by a restart.
  void stop() { stopping_ = true; }
  [[nodiscard]] bool stopping() const { return stopping_; }

  // The launcher reaped this process.
  void ended(int pid, int wait_status);
  // Ends the link of whoever this is; it is started again if it is one of ours.
  void end(Instance instance, const char* why);
  // The child said Hello.
  void serving(Instance instance);

  struct Kept {
    protocol::Role role = protocol::Role::kNetLocal;
    std::shared_ptr<Child> child;  // null while it is down
    Restarts restarts;
    std::unique_ptr<loop::Timer> again;
    bool stays_down = false;
  };
  [[nodiscard]] const std::list<Kept>& kept() const { return kept_; }
  void each_gateway(const std::function<void(loop::Link&)>& action);
  // Of a kept one that serves; null while it is down.
  [[nodiscard]] loop::Link* link_of(protocol::Role role);

 private:
  loop::Task<> start_kept(Kept& kept);
  void again(Kept& kept);
  void lost(const std::shared_ptr<Child>& child, const base::Error& why);

  Monitor& m_;
  std::int64_t hello_ms_;
  std::int64_t pause_ms_;
  std::list<std::shared_ptr<Child>> all_;
  std::list<Kept> kept_;
  bool stopping_ = false;
  loop::TaskSet tasks_;
};

}  // namespace mcpbox::monitor
