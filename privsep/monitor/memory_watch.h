// What waiting calls hold.  A call begins with room for all that its limit allows it; two hundred that wait
// for something would leave none for one that computes.  So once its tool has waited, a call's room is what
// its process is seen to hold, and a little more, looked at from outside every limits::kMemoryLookMs:
//
//   it says that it waits -> the launcher opens /proc/PID/stat -> room = held + kWaitingSpareBytes, and again
//
// When all rooms together are more than what calls get, the call that has grown most since it last held least
// is ended.  One that never waited, or holds no more than when it did, has only what it was admitted with and
// is never chosen.  A child that lies about waiting gives its slot and its room away, and wins what it can
// fill between two looks.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "privsep/base/fd.h"
#include "privsep/monitor/slots.h"

namespace mcpbox::monitor {

// Memory of its own that a process holds at most, out of its /proc/PID/stat: what it got by faults since it
// was forked, or what is there, whichever is less.  A fault gives one page (jail/call.h: no huge ones); pages
// that it shares with its zygote are neither.
//   returns  bytes; nothing when the text is not the kernel's
[[nodiscard]] std::optional<std::uint64_t> memory_held(std::string_view stat);

class MemoryWatch {
 public:
  // All turns must be gone before `slots` is, and this before them.
  MemoryWatch(loop::Loop& loop, Slots& slots, std::int64_t look_ms = policy::limits::kMemoryLookMs)
      : slots_(slots), look_ms_(look_ms), again_(loop, [this] { look(); }) {}
  MemoryWatch(const MemoryWatch&) = delete;
  MemoryWatch& operator=(const MemoryWatch&) = delete;

  // From the next look on, the room of `turn` is what is seen in `stat`, until the turn is gone.
  //   end  ends the process: all calls together hold too much, and this one grew most; told at most once
  void add(std::weak_ptr<Slots::Turn> turn, base::Fd stat, std::function<void()> end);

  [[nodiscard]] std::size_t size() const { return watched_.size(); }

 private:
  struct Watched {
    std::weak_ptr<Slots::Turn> turn;
    base::Fd stat;
    std::function<void()> end;
    std::uint64_t admitted;  // the least that its room has been: what lies above, it took without asking
    bool ended = false;
  };
  void look();
  void end_those_that_grew();
  static void measure(Watched& watched);

  Slots& slots_;
  std::int64_t look_ms_;
  std::vector<Watched> watched_;
  loop::Timer again_;
};

}  // namespace mcpbox::monitor
