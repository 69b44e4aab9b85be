// Runs in the monitor.  The order matters: nobody is served before the database is ours, loaded and
// consistent.
#include "privsep/monitor/serve.h"

#include <cstdlib>

#include "policy/audit_limits.h"
#include "privsep/jail/jail.h"
#include "privsep/monitor/retention_settings.h"
#include "privsep/wire/reserve.h"

namespace mcpbox::monitor {
namespace {

namespace limits = policy::limits;
constexpr std::int64_t kTickMs = 20;

// What a database that is not our own makes weaker, for the status: a sentence each.
void warn_of_database(Monitor& m, bool can_rewrite_audit) {
  const wire::MonitorSettings& settings = m.settings;
  if (can_rewrite_audit)
    m.warnings.emplace_back(
        "one database role for everything: it could rewrite the audit log; give the schema another owner "
        "(`database-owner`)");
  if (settings.database_port != 0)
    m.warnings.push_back("the database is reached over TCP: a stolen monitor could connect to port " +
                         std::to_string(settings.database_port) +
                         " of other machines; a Unix socket is stronger");
  if (settings.database_remote != 0)
    m.warnings.emplace_back(settings.database_encrypted != 0
                                ? "the database is on another machine (`database-remote`): its rows cross a "
                                  "network, encrypted, but who answers is not verified"
                                : "the database is on another machine (`database-remote`): its rows cross a "
                                  "network in the clear");
}

}  // namespace

void Service::start() {
  const base::Fd groups(wire::kMonitorGroupsFd);
  if (const base::Result<void> got = m_.call_groups.receive(groups.get()); !got)
    m_.log.error("the control groups for calls cannot be used", got.error());
  keep_space();
  m_.background.spawn([](Service& self) -> loop::Task<> {
    const base::Result<loop::Nothing> up = co_await loop::attempt(self.come_up());
    if (up) co_return loop::Nothing{};
    self.m_.log.error("the monitor cannot serve", up.error());
    if (self.exit_code_ == EXIT_SUCCESS) self.exit_code_ = EXIT_FAILURE;
    self.m_.loop.stop();
    co_return loop::Nothing{};
  }(*this));
}

loop::Task<> Service::come_up() {
  const loop::Nothing ours = co_await store_.start();
  static_cast<void>(ours);
  warn_of_database(m_, store_.can_rewrite_audit());
  const loop::Nothing loaded = co_await m_.load();
  static_cast<void>(loaded);
  if (store_.lost_decisions()) {
    AuditRecord lost{.kind = AuditKind::kLifecycle, .actor = "priv", .action = "distrust"};
    lost.number = static_cast<std::int64_t>(store_.trusted_from());
    const std::uint64_t written = co_await m_.store.append(std::move(lost));
    static_cast<void>(written);
  }
  const std::uint64_t closed = co_await store_.close_open_calls();
  if (closed > 0)
    m_.log.warn("calls were running when the monitor last ended", {{"recorded_as_unknown", closed}});
  AuditRecord record{.kind = AuditKind::kLifecycle, .actor = "priv", .action = "start", .payload = kVersion};
  const std::uint64_t sequence = co_await m_.store.append(std::move(record));
  m_.log.info("started", {{"version", kVersion}, {"audit_records", sequence}});
  // A zygote takes as long to start as the attack does; no call can come before a gateway listens.
  m_.spares.start();
  const loop::Nothing held = co_await attack_own_jail();
  static_cast<void>(held);
  control_ = std::make_unique<Control>(m_, std::move(socket_));
  m_.children.start();
  say_alive();
  retention_timer_.start(policy::limits::kRetentionFirstMs);
  co_return loop::Nothing{};
}

// What it proves: this loop turns, and the launcher reads.  A database that is away is no reason to be
// started again, so it says nothing of that.
void Service::say_alive() {
  m_.launcher.say_alive();
  alive_timer_.start(wire::kAliveMs);
}

// A disk that is not ours to watch is its own administrator's.
void Service::keep_space() {
  base::Fd file(wire::kMonitorReserveFd);
  if (m_.settings.database_embedded == 0) return;
  space_.when_changed([this](bool held) {
    std::erase(m_.warnings, SpaceReserve::kShort);
    if (!held) m_.warnings.emplace_back(SpaceReserve::kShort);
  });
  space_.keep(std::move(file));
  store_.keep_room(space_);
}

// Every hour.  What cannot be done now is done then.
void Service::keep_log_short() {
  retention_timer_.start(policy::limits::kRetentionMs);
  m_.background.spawn([](Service& self) -> loop::Task<> {
    const base::Result<loop::Nothing> sealed = co_await loop::attempt(self.retention_.seal_when_due());
    AuditRetention::Prune what = too_old(self.m_.policy, self.m_.clock.now_ms());
    const base::Result<std::uint64_t> pruned = co_await loop::attempt(self.retention_.prune(std::move(what)));
    if (!sealed || !pruned) self.m_.log.warn("the audit log could not be kept short: tried again in an hour");
    co_return loop::Nothing{};
  }(*this));
}

// No gateway listens before this has passed, so no author's code is anywhere yet.
loop::Task<> Service::attack_own_jail() {
  const base::Result<protocol::AttackReport> report =
      co_await loop::attempt(m_.self_attacks.run("priv", false));
  if (report && report->holes == 0) co_return loop::Nothing{};
  exit_code_ = jail::kExitNotJailed;
  if (!report) co_return std::unexpected(report.error());
  co_return base::fail(base::Why::kBroken, "the jail of the calls has a hole: nobody is served");
}

void Service::stop() {
  if (stopping_) return;
  stopping_ = true;
  m_.background.spawn(come_down());
}

loop::Task<bool> Service::wait_for(std::function<bool()> over, std::int64_t most_ms) {
  const std::int64_t until = m_.clock.steady_ms() + most_ms;
  while (!over() && m_.clock.steady_ms() < until) {
    const loop::Nothing slept = co_await m_.loop.sleep(kTickMs);
    static_cast<void>(slept);
  }
  co_return over();
}

// Calls in flight finish and are answered, up to a bound; new ones are told that nothing was executed.
loop::Task<> Service::come_down() {
  m_.children.stop();
  m_.draining = true;
  m_.children.each_gateway([](loop::Link& gateway) {
    protocol::Drain order;
    [[maybe_unused]] const base::Result<void> told = gateway.notify(order);
  });
  const std::function<bool()> calls_ended = [this] { return m_.calls.in_flight() == 0; };
  const bool finished = co_await wait_for(calls_ended, limits::kDrainMs);
  if (!finished) {
    m_.log.warn("calls did not finish in time", {{"calls", m_.calls.in_flight()}});
    m_.calls.kill_for_stop();
    const bool ended = co_await wait_for(calls_ended, limits::kDrainAnswerMs);
    if (!ended) m_.log.error("calls did not end");
  }
  // A gateway ends by itself when the last answer has left.
  const std::function<bool()> answered = [this] {
    bool gone = true;
    m_.children.each_gateway([&gone](loop::Link& /*gateway*/) { gone = false; });
    return gone;
  };
  const bool left = co_await wait_for(answered, limits::kDrainAnswerMs);
  if (!left) m_.log.warn("a gateway had answers left that nobody read");
  loop::Timer too_late(m_.loop, [this] { m_.loop.stop(); });
  too_late.start(limits::kDrainAnswerMs);
  co_await m_.repeats.settle();
  AuditRecord record{.kind = AuditKind::kLifecycle, .actor = "priv", .action = "stop"};
  const base::Result<std::uint64_t> recorded = co_await loop::attempt(m_.store.append(std::move(record)));
  if (!recorded) m_.log.error("the end could not be recorded", recorded.error());
  store_.make_checkpoint();
  m_.log.info("stopped");
  m_.loop.stop();
  co_return loop::Nothing{};
}

}  // namespace mcpbox::monitor
