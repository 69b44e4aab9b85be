// One zygote process, from its first order to its end, and the children that it forked.
#pragma once

#include <map>
#include <memory>

#include "privsep/monitor/children.h"
#include "privsep/monitor/spare.h"

namespace mcpbox::monitor {

class Zygote {
 public:
  // fork_ms: how long no order to fork may be answered before it is ended; one that answers goes on,
  //          however many wait
  // violated: one of its children sent what no child sends
  Zygote(Monitor& monitor, std::shared_ptr<Child> process, std::int64_t fork_ms,
         std::function<void(Spare&)> violated);
  Zygote(const Zygote&) = delete;
  Zygote& operator=(const Zygote&) = delete;

  enum class Pages : std::uint8_t {
    kTouched,    // the child makes the pages that a call writes to its own while it waits for a job
    kUntouched,  // a job waits for the child
  };

  // Has a child forked.
  loop::Task<std::shared_ptr<Spare>> fork(Pages pages);

  // What it says about a child; null when it is none of its living ones, or nobody has a use for it any more.
  std::shared_ptr<Spare> ended(const protocol::SpareEnded& how);
  // It died, and its process namespace with it.
  void died();
  // Its process is told to end: its children end with it.
  void end();
  // The same, at the latest after so long.
  void end_after(std::int64_t milliseconds);

  [[nodiscard]] const Child& process() const { return *process_; }
  [[nodiscard]] std::uint64_t forked() const { return forked_; }
  [[nodiscard]] std::size_t forking() const { return forking_; }
  [[nodiscard]] std::size_t children() const { return living_.size(); }

 private:
  // Its silence is counted in looks: a monitor that did not run for a while (a machine that slept, or one
  // that is very busy) reads what came meanwhile before it takes its own absence for the zygote's.
  static constexpr int kLooks = 2;
  void look();
  void watch();  // anew: an order went out where none was, or an answer came

  Monitor& m_;
  std::shared_ptr<Child> process_;
  std::int64_t look_ms_;
  std::function<void(Spare&)> violated_;
  loop::Timer patience_;
  int silent_looks_ = 0;
  std::uint64_t forked_ = 0;
  std::size_t forking_ = 0;  // told to, not yet answered
  std::map<std::uint64_t, std::weak_ptr<Spare>> living_;
  std::unique_ptr<loop::Timer> last_;
};

}  // namespace mcpbox::monitor
