// Runs in the monitor.  Argon2id takes a fifth of a second and 64 MiB: it runs in a child that knows this one
// question and exits.
#include "privsep/monitor/passwords.h"

#include <algorithm>
#include <vector>

#include "privsep/monitor/monitor.h"
#include "privsep/protocol/orders.h"

namespace mcpbox::monitor {

namespace limits = policy::limits;
using base::Why;

namespace {

constexpr std::int64_t kLongestDelayMs = 60'000;
constexpr std::int64_t kPatienceMs = 20'000;
constexpr std::int64_t kLookAgainMs = 20;

// Clears "busy" when the task ends or is destroyed.
class Turn {
 public:
  explicit Turn(bool& busy) : busy_(busy) { busy_ = true; }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() { busy_ = false; }

 private:
  bool& busy_;
};

// Counts one more for as long as it lives.
class Waiting {
 public:
  explicit Waiting(std::uint32_t& count) : count_(count) { ++count_; }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  ~Waiting() { --count_; }

 private:
  std::uint32_t& count_;
};

std::vector<std::string> keys_of(const Passwords::Attempt& attempt) {
  std::vector<std::string> keys;
  if (attempt.uid != Passwords::kNoUid) keys.push_back("uid:" + std::to_string(attempt.uid));
  if (!attempt.account.empty()) keys.push_back("admin:" + attempt.account);
  return keys;
}

}  // namespace

// First come, first served is not promised: at most four wait, for a fifth of a second each.
loop::Task<> Passwords::wait_for_turn() {
  if (!busy_) co_return loop::Nothing{};
  if (waiting_ >= limits::kPasswordQueue)
    co_return base::fail(Why::kBusy, "other passwords are being checked: try again in a second");
  const Waiting place(waiting_);
  while (busy_) {
    const loop::Nothing slept = co_await m_.loop.sleep(kLookAgainMs);
    static_cast<void>(slept);
  }
  co_return loop::Nothing{};
}

template <class Question>
loop::Task<typename Question::Reply> Passwords::ask_child(Question question) {
  const loop::Nothing our_turn = co_await wait_for_turn();
  static_cast<void>(our_turn);
  const Turn turn(busy_);
  Spawned child = co_await m_.launcher.spawn(protocol::Role::kPassword);
  const loop::LinkLimits limits{.max_payload = protocol::Orders::max_reply_bytes(protocol::Role::kPassword)};
  loop::Link link(m_.loop, std::move(child.link), limits, [](const wire::Frame& /*frame*/) {}, {});
  loop::Timer patience(m_.loop, [&link] { link.close({Why::kTimeout, "no answer about a password"}); });
  patience.start(kPatienceMs);
  typename Question::Reply reply = co_await link.ask(question);
  co_return reply;
}

loop::Task<std::string> Passwords::hash(std::string password) {
  protocol::HashPassword question{.password = std::move(password)};
  const protocol::PasswordHash made = co_await ask_child(std::move(question));
  co_return std::string(made.hash);
}

loop::Task<> Passwords::check(Attempt attempt, std::string password, std::string hash) {
  const std::vector<std::string> keys = keys_of(attempt);
  const std::int64_t now = m_.clock.steady_ms();
  for (const std::string& key : keys)
    if (const auto waiting = delays_.find(key); waiting != delays_.end() && now < waiting->second.until_ms)
      co_return base::fail(Why::kRefused, "too soon after a wrong password: wait a minute and try again");
  protocol::CheckPassword question{.password = std::move(password), .hash = std::move(hash)};
  const protocol::PasswordVerdict verdict = co_await ask_child(std::move(question));
  if (verdict.matches) {
    for (const std::string& key : keys) delays_.erase(key);
    co_return loop::Nothing{};
  }
  for (const std::string& key : keys) {
    Delay& delay = delays_[key];
    delay.next_ms = std::clamp(delay.next_ms * 2, limits::kPasswordDelayMs, kLongestDelayMs);
    delay.until_ms = m_.clock.steady_ms() + delay.next_ms;
  }
  co_return base::fail(Why::kRefused, "wrong admin name or password");
}

}  // namespace mcpbox::monitor
