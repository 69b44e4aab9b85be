// Runs in the monitor.  Argon2id takes a fifth of a second and 64 MiB: it runs in a child that knows this one
// question and exits.
#include "privsep/monitor/passwords.h"

#include <algorithm>

#include "privsep/monitor/monitor.h"
#include "privsep/protocol/orders.h"

namespace mcpbox::monitor {

namespace limits = policy::limits;
using base::Why;

namespace {

constexpr std::int64_t kLongestDelayMs = 60'000;
constexpr std::int64_t kPatienceMs = 20'000;

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

}  // namespace

template <class Question>
loop::Task<typename Question::Reply> Passwords::ask_child(Question question) {
  if (busy_) co_return base::fail(Why::kBusy, "another password is being checked: try again in a second");
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

loop::Task<> Passwords::check(std::uint32_t uid, std::string password, std::string hash) {
  const std::int64_t now = m_.clock.steady_ms();
  if (const auto waiting = delays_.find(uid); waiting != delays_.end() && now < waiting->second.until_ms)
    co_return base::fail(Why::kRefused, "too soon after a wrong password: wait a minute and try again");
  protocol::CheckPassword question{.password = std::move(password), .hash = std::move(hash)};
  const protocol::PasswordVerdict verdict = co_await ask_child(std::move(question));
  if (verdict.matches) {
    delays_.erase(uid);
    co_return loop::Nothing{};
  }
  Delay& delay = delays_[uid];
  delay.next_ms = std::clamp(delay.next_ms * 2, limits::kPasswordDelayMs, kLongestDelayMs);
  delay.until_ms = m_.clock.steady_ms() + delay.next_ms;
  co_return base::fail(Why::kRefused, "wrong admin name or password");
}

}  // namespace mcpbox::monitor
