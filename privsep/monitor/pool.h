// The zygotes of one flavour: the one that forks, its successor while that starts, and those that are only
// waited for; and the idle children of the first.  Each child is taken once; a new one is forked in its
// place.
//
//   start() -> starting -> current, forks -> replaced -> retired: its calls finish -> ends
//
// A zygote is replaced after so many children and after a violation: a child killed for a forbidden system
// call, or one that broke the protocol.  No call is lost to that; to a zygote that dies, its calls are.
#pragma once

#include <deque>

#include "privsep/loop/task_set.h"
#include "privsep/monitor/flavour.h"
#include "privsep/monitor/zygote.h"
#include "privsep/protocol/messages_ctl.h"

namespace mcpbox::monitor {

class Pool {
 public:
  struct Plan {
    std::uint32_t keep = 1;  // idle children
    std::uint64_t forks_per_zygote = policy::limits::kForksPerZygote;
    std::int64_t replace_pause_ms = policy::limits::kReplacePauseMs;  // after violations only
    std::int64_t fork_ms = policy::limits::kForkTimeoutMs;
  };
  struct Events {
    std::function<void(const std::string& package)> missing;  // not installed: the pool is of no use
    std::function<void()> emptied;                            // after leave(): no zygote is left
  };
  using Place = loop::Later<std::shared_ptr<Spare>>;  // resolve it with an error to leave

  Pool(Monitor& monitor, Flavour flavour, Plan plan, Events events);

  // Starts a zygote: the first, or the successor of the current one.
  void start();
  // An idle child, or the next one to be forked.
  Place take();
  // Forks for those who wait, and when nobody computes or waits, ahead.
  void work();
  // No new children: whoever waits is told why, and the zygotes end after their calls.
  void leave(const base::Error& why);
  [[nodiscard]] bool empty() const {
    return !starting_ && current_ == nullptr && next_ == nullptr && retired_.empty();
  }

  // A zygote's word on a child.  False when it is none of this pool's zygotes.
  bool ended(Instance zygote, const protocol::SpareEnded& how);

  [[nodiscard]] const Flavour& flavour() const { return flavour_; }
  [[nodiscard]] std::uint32_t idle() const { return static_cast<std::uint32_t>(idle_.size()); }
  [[nodiscard]] std::uint32_t restarts() const { return restarts_.count(); }
  [[nodiscard]] const Zygote* current() const { return current_.get(); }
  // All its zygotes, the current one first.
  [[nodiscard]] std::vector<std::pair<protocol::ZygoteLife, const Zygote*>> zygotes() const;

 private:
  using ZygotePointer = std::shared_ptr<Zygote>;
  loop::Task<> launch();
  loop::Task<> load(ZygotePointer zygote);
  loop::Task<> fork_one(ZygotePointer zygote, Slots::TurnPointer turn);
  void hand_out(std::shared_ptr<Spare> spare);
  void serves(const ZygotePointer& zygote);
  void lost(const ZygotePointer& zygote);
  void start_again();
  void tell_if_emptied();
  void retire(ZygotePointer zygote);
  void end_finished();
  void replace_after_violation();
  void violated(const ZygotePointer& zygote, const Work& work, std::string_view how, std::int64_t number);
  void start_after(std::int64_t pause_ms);
  [[nodiscard]] ZygotePointer find(Instance zygote) const;

  Monitor& m_;
  Flavour flavour_;
  Plan plan_;
  Events events_;
  bool leaving_ = false;
  bool starting_ = false;   // the launcher was asked, or next_ is there
  bool replacing_ = false;  // a violation's replacement is due
  std::int64_t started_ms_ = 0;
  ZygotePointer current_;
  ZygotePointer next_;
  std::vector<ZygotePointer> retired_;
  std::deque<std::shared_ptr<Spare>> idle_;  // all of current_
  std::deque<Place> waiting_;
  Restarts restarts_;
  loop::Timer again_;
  loop::TaskSet tasks_;
};

}  // namespace mcpbox::monitor
