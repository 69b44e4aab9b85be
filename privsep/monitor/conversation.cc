// Runs in the monitor.  Pure: counts and pairs; trusts no number that a gateway names.
#include "privsep/monitor/conversation.h"

#include <algorithm>
#include <utility>

namespace mcpbox::monitor {

namespace limits = policy::limits;
using base::Why;

static_assert(limits::kQuestionsPerCall == 16, "the words below name this figure");

bool Budget::take(std::int64_t now_ms) {
  const std::int64_t passed_us = std::min((now_ms - last_ms_) * 1000, most_us_);
  credit_us_ = std::min(most_us_, credit_us_ + std::max<std::int64_t>(passed_us, 0));
  last_ms_ = now_ms;
  if (credit_us_ < cost_us_) return false;
  credit_us_ -= cost_us_;
  return true;
}

base::Result<Conversation::Question> Conversation::ask() {
  if (ended_) return base::fail(Why::kCancelled, "the call is over");
  if (asked_ >= limits::kQuestionsPerCall)
    return base::fail(Why::kBusy, "a call may ask its client 16 questions: ask for several things in one");
  Question question{.number = ++asked_, .answer = {}};
  open_.emplace(question.number, question.answer);
  return question;
}

bool Conversation::answer(std::uint32_t question, protocol::ClientAnswer with) {
  const auto found = open_.find(question);
  if (found == open_.end()) return false;
  Answer waiting = found->second;
  open_.erase(found);
  waiting.resolve(std::move(with));
  return true;
}

void Conversation::end() {
  ended_ = true;
  for (auto& [number, waiting] : std::exchange(open_, {}))
    Answer(waiting).resolve(base::fail(Why::kCancelled, "the call is over"));
}

}  // namespace mcpbox::monitor
