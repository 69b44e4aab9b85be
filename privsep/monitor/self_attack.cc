// Runs in the monitor.  Trusts the attacker's report as far as its bounds: it was started by the launcher,
// holds nothing, and no author's byte was near it.
#include "privsep/monitor/self_attack.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include "privsep/monitor/monitor.h"
#include "privsep/protocol/orders.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {

using base::Why;

namespace {

// The short corpus takes half a second and the long one some seconds, on a machine that does nothing else.
constexpr std::int64_t kShortPatienceMs = 60'000;
constexpr std::int64_t kLongPatienceMs = 600'000;
constexpr std::size_t kSentenceBytes = 250;  // protocol::Status has room for it

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

// Nothing of an attack is left when its task ends, however that comes.
class Ended {
 public:
  explicit Ended(const base::Fd& pidfd) : pidfd_(pidfd.get()) {}
  Ended(const Ended&) = delete;
  Ended& operator=(const Ended&) = delete;
  ~Ended() { ::syscall(SYS_pidfd_send_signal, pidfd_, SIGKILL, nullptr, 0); }

 private:
  int pidfd_;
};

std::string in_a_sentence(const protocol::AttackReport& report) {
  const std::string tried = std::to_string(report.attempts) + " attempts to leave the jail of a call";
  if (report.holes == 0) return tried + ", none succeeded (" + std::to_string(report.elapsed_ms) + " ms)";
  std::string text = tried + ", " + std::to_string(report.holes) + " did not end as they must";
  for (const protocol::Hole& hole : report.first) {
    if (text.size() + hole.name.size() > kSentenceBytes) break;
    text.append(&hole == &report.first.front() ? ": " : ", ").append(hole.name);
  }
  return text;
}

}  // namespace

loop::Task<protocol::AttackReport> SelfAttacks::ask_child(bool long_corpus) {
  Spawned child = co_await m_.launcher.spawn(protocol::Role::kAttack);
  const Ended at_the_end(child.pidfd);
  const loop::LinkLimits limits{.max_payload = protocol::Orders::max_reply_bytes(protocol::Role::kAttack)};
  loop::Link link(m_.loop, std::move(child.link), limits, [](const wire::Frame& /*frame*/) {}, {});
  loop::Timer patience(m_.loop, [&link] { link.close({Why::kTimeout, "no answer from the attacker"}); });
  patience.start(long_corpus ? kLongPatienceMs : kShortPatienceMs);
  protocol::Attack order{.long_corpus = long_corpus};
  protocol::AttackReport report = co_await link.ask(order);
  co_return report;
}

loop::Task<protocol::AttackReport> SelfAttacks::run(std::string ordered_by, bool long_corpus) {
  if (busy_) co_return base::fail(Why::kBusy, "the jail is being attacked already: try again in a minute");
  const Turn turn(busy_);
  base::Result<protocol::AttackReport> report = co_await loop::attempt(ask_child(long_corpus));
  if (!report) {
    m_.log.error("the jail could not be attacked, so nothing is known about it", report.error());
    last_ = "the last attack on the jail did not end: see the log";
    co_return base::fail(Why::kBroken,
                         "the jail could not be attacked, so nothing is known about it: see the log");
  }
  last_ = in_a_sentence(*report);
  log(*report);
  AuditRecord record{.kind = AuditKind::kLifecycle,
                     .actor = std::move(ordered_by),
                     .action = "self_attack",
                     .number = report->holes,
                     .payload = last_};
  const std::uint64_t sequence = co_await m_.store.append(std::move(record));
  static_cast<void>(sequence);
  co_return std::move(*report);
}

void SelfAttacks::log(const protocol::AttackReport& report) const {
  for (const protocol::Hole& hole : report.first)
    m_.log.error("the jail has a hole", {{"attempt", std::string_view(hole.name)},
                                         {"expected", std::string_view(hole.expected)},
                                         {"found", std::string_view(hole.found)}});
  m_.log.info("the jail was attacked",
              {{"attempts", report.attempts}, {"holes", report.holes}, {"ms", report.elapsed_ms}});
}

Answer<p::AttackReport> on_self_attack(Monitor& m, Peer& asker, p::SelfAttack q) {
  p::AttackReport report = co_await m.self_attacks.run(asker.person.who, q.long_corpus);
  co_return report;
}

}  // namespace mcpbox::monitor
