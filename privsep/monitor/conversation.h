// What a running call and its client say to each other: lines one way, questions and answers both ways.
// Bytes all of it; what they mean is for the child and the gateway.
#pragma once

#include <cstdint>
#include <map>

#include "policy/limits.h"
#include "privsep/base/error.h"
#include "privsep/loop/task.h"
#include "privsep/protocol/messages_call.h"

namespace mcpbox::monitor {

// So many at once, and then so many a second.
class Budget {
 public:
  Budget(std::uint32_t at_once, std::uint32_t per_second)
      : cost_us_(1'000'000 / per_second), most_us_(cost_us_ * at_once), credit_us_(most_us_) {}
  // Takes one; false when none is left at this time.
  bool take(std::int64_t now_ms);

 private:
  std::int64_t cost_us_;
  std::int64_t most_us_;
  std::int64_t credit_us_;
  std::int64_t last_ms_ = 0;
};

class Conversation {
 public:
  using Answer = loop::Later<protocol::ClientAnswer>;
  struct Question {
    std::uint32_t number = 0;
    Answer answer;
  };

  // One more line; false when there were too many.
  bool line(std::int64_t now_ms) { return lines_.take(now_ms); }

  // kBusy when the call has asked enough.
  base::Result<Question> ask();
  // False when this question was never asked, or is answered already.
  bool answer(std::uint32_t question, protocol::ClientAnswer with);
  // Nobody waits for this one any more.
  void forget(std::uint32_t question) { open_.erase(question); }
  // The call is over: who still waits is told so.
  void end();

  [[nodiscard]] std::size_t open() const { return open_.size(); }

 private:
  Budget lines_{policy::limits::kFloodAtOnce, policy::limits::kFloodPerSecond};
  std::map<std::uint32_t, Answer> open_;
  std::uint32_t asked_ = 0;
  bool ended_ = false;
};

}  // namespace mcpbox::monitor
