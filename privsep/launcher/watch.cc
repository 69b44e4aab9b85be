// Run by the launcher (root).  Listens to signals and to the fixed-size requests of the monitor; a monitor
// that says anything else is ended, and everything with it.
#include "privsep/launcher/watch.h"

#include <sys/socket.h>

#include <array>
#include <cstring>

#include "policy/limits.h"
#include "privsep/base/clock.h"
#include "privsep/launcher/database.h"
#include "privsep/launcher/look.h"
#include "privsep/launcher/members.h"

namespace mcpbox::launcher {
namespace {

using wire::LauncherEvent;
using wire::LauncherEventKind;
using wire::LauncherRequestKind;

constexpr std::size_t kMostChildren =
    64;  // beyond: Spawn is refused, so that no monitor can fork without end
constexpr std::int64_t kDatabaseStartMs = 300'000;  // a database that was killed replays its log first
// From kStop to SIGKILL: the monitor waits for calls, for their ends, for the gateways, for the record of it.
constexpr std::int64_t kMonitorStopMs = policy::limits::kDrainMs + 3 * policy::limits::kDrainAnswerMs + 3'000;
constexpr std::int64_t kKilledMs = 10'000;        // from SIGKILL until a process is gone
constexpr std::int64_t kDatabaseStopMs = 20'000;  // from SIGINT (fast) to SIGQUIT (at once)
constexpr int kPollMs = 20;
constexpr int kMaintainMs = 60'000;  // between two looks for segments of the audit log to close or drop

std::int64_t now_ms() { return base::SystemClock().steady_ms(); }

// The one that came with a message, if there is one: there was room for no more.
base::Fd descriptor_of(msghdr& message) {
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  int number = -1;
  if (header != nullptr && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS)
    std::memcpy(&number, CMSG_DATA(header), sizeof number);
  return base::Fd(number);
}

}  // namespace

int Watch::run() {
  Step step = all_.config.database ? Step::kDone : start_embedded_database();
  if (step == Step::kDone) step = migrate();
  if (step == Step::kDone) step = start_monitor();
  if (step == Step::kDone) step = serve();
  end_everybody();
  log_.info(step == Step::kStop ? "stopped" : "ended after a failure");
  return step == Step::kStop ? 0 : 1;
}

Watch::Step Watch::start_embedded_database() {
  base::Result<jail::Spawned> child = start_database(all_.view, all_.cast.database, all_.lock.get());
  if (!child) {
    log_.error("the database could not be started", child.error());
    return Step::kFailed;
  }
  database_ = child->pid;
  family_.adopt(std::move(*child), "postgres", 0);
  const std::int64_t deadline = now_ms() + kDatabaseStartMs;
  while (!database_is_ready(all_.view, database_)) {
    family_.wait(-1, kPollMs);
    if (reap() == Step::kFailed) return Step::kFailed;
    if (family_.stop_requested()) return Step::kStop;
    if (now_ms() > deadline) {
      log_.error("the database is not ready after five minutes");
      return Step::kFailed;
    }
  }
  log_.info("database ready", {{"pid", database_}});
  return Step::kDone;
}

Watch::Step Watch::migrate() {
  base::Result<jail::Spawned> child = start_migrate(all_, MigrateWork::kSchema);
  if (!child) {
    log_.error("mcpbox-migrate could not be started", child.error());
    return Step::kFailed;
  }
  migrate_ = child->pid;
  family_.adopt(std::move(*child), "mcpbox-migrate", 0);
  while (family_.has(migrate_)) {
    family_.wait(-1, -1);
    if (reap() == Step::kFailed) return Step::kFailed;
    if (family_.stop_requested()) return Step::kStop;
  }
  if (migrate_status_ == 0) return Step::kDone;
  log_.error("the database could not be migrated", {{"mcpbox-migrate", how_it_ended(migrate_status_)}});
  return Step::kFailed;
}

Watch::Step Watch::start_monitor() {
  base::Result<Linked> started = launcher::start_monitor(all_);
  if (!started) {
    log_.error("the monitor could not be started", started.error());
    return Step::kFailed;
  }
  monitor_ = started->child.pid;
  monitor_link_ = std::move(started->link);
  family_.adopt(std::move(started->child), "mcpbox-monitor", set_of(protocol::Role::kMonitor));
  // Only the monitor has a use for these; a key that is nowhere else cannot leak from here.
  all_.key.reset();
  all_.settings.reset();
  all_.head.reset();
  all_.reserve.reset();
  all_.control.reset();
  return Step::kDone;
}

Watch::Step Watch::serve() {
  std::int64_t deadline = 0;
  while (true) {
    if (family_.stop_requested() && !stopping_) {
      stopping_ = true;
      all_.notify.tell("STOPPING=1");
      deadline = now_ms() + kMonitorStopMs;
      tell_monitor({.kind = LauncherEventKind::kStop}, {});
    }
    const bool asked = family_.wait(monitor_link_.get(), stopping_ ? kPollMs : kMaintainMs);
    if (asked) read_request();
    if (reap() == Step::kFailed) return Step::kFailed;
    maintain();
    if (stopping_ && (monitor_ < 0 || now_ms() > deadline)) return Step::kStop;
  }
}

Watch::Step Watch::reap() {
  Step step = Step::kDone;
  while (const std::optional<Ending> ending = family_.next_ending()) {
    if (ending->pid == migrate_) {
      migrate_status_ = ending->status;
      if (monitor_ >= 0 && ending->status != 0)
        log_.error("the audit log could not be maintained: mcpbox-migrate says why",
                   {{"how", how_it_ended(ending->status)}});
    } else if (ending->pid == database_ || ending->pid == monitor_) {
      const bool was_monitor = ending->pid == monitor_;
      (was_monitor ? monitor_ : database_) = -1;
      if (stopping_) continue;
      log_.error(was_monitor ? "the monitor ended: everything is stopped"
                             : "the database ended: everything is stopped",
                 {{"how", how_it_ended(ending->status)}});
      step = Step::kFailed;
    } else if (ending->role != 0) {
      tell_monitor({.kind = LauncherEventKind::kEnded,
                    .serial = 0,
                    .role = ending->role,
                    .pid = ending->pid,
                    .wait_status = ending->status,
                    .sys_errno = 0},
                   {});
    }
  }
  return step;
}

void Watch::read_request() {
  wire::LauncherRequest request{};
  iovec bytes{&request, sizeof request};
  alignas(cmsghdr) std::array<char, CMSG_LEN(sizeof(int))> control{};  // with padding there were room for two
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t length = recvmsg(monitor_link_.get(), &message, MSG_DONTWAIT | MSG_TRUNC | MSG_CMSG_CLOEXEC);
  if (length < 0 && errno == EAGAIN) return;
  const base::Fd process = descriptor_of(message);
  const bool whole = length == sizeof request && (message.msg_flags & MSG_CTRUNC) == 0;
  if (whole && request.kind == LauncherRequestKind::kSpawn && !process) return spawn(request);
  if (whole && request.kind == LauncherRequestKind::kLook && process) return look_into(request, process);
  if (whole && request.kind == LauncherRequestKind::kAlive && !process) return all_.notify.tell("WATCHDOG=1");
  // Closed, or something that our monitor never says: whoever is there now is not to be trusted.
  if (length > 0) log_.error("the monitor sent something that is not a request: it is ended");
  monitor_link_.reset();
  family_.signal_one(monitor_, SIGKILL);
}

// Opens what everybody may read, and keeps nothing: a monitor that asks for ever costs its own processor
// time.
void Watch::look_into(const wire::LauncherRequest& request, const base::Fd& pidfd) {
  LauncherEvent event{.kind = LauncherEventKind::kRefused, .serial = request.serial, .role = 0};
  const base::Fd stat = open_stat_of(pidfd.get());
  if (!stat) {
    event.sys_errno = errno;
    return tell_monitor(event, {});
  }
  event.kind = LauncherEventKind::kLooked;
  const int descriptors[] = {stat.get()};
  tell_monitor(event, descriptors);
}

// Nobody asks for it, and it takes no word from anybody: what may be dropped stands in the database.  Not
// before the monitor serves, which is when it starts its first child.
void Watch::maintain() {
  const std::int64_t now = now_ms();
  if (maintain_at_ms_ == 0) maintain_at_ms_ = now + kMaintainMs;
  if (stopping_ || now < maintain_at_ms_ || family_.has(migrate_)) return;
  maintain_at_ms_ = now + kMaintainMs;
  base::Result<jail::Spawned> child = start_migrate(all_, MigrateWork::kMaintenance);
  if (!child) return log_.error("mcpbox-migrate could not be started", child.error());
  migrate_ = child->pid;
  family_.adopt(std::move(*child), "mcpbox-migrate", 0);
}

void Watch::spawn(const wire::LauncherRequest& request) {
  LauncherEvent event{.kind = LauncherEventKind::kRefused, .serial = request.serial, .role = request.role};
  const SpawnRow* row = find_row(request.role);
  if (row == nullptr || stopping_ || family_.size() >= kMostChildren) {
    event.sys_errno = row == nullptr ? EINVAL : stopping_ ? ECANCELED : EAGAIN;
    return tell_monitor(event, {});
  }
  base::Result<Linked> started = start_row(*row, all_);
  if (!started) {
    log_.error(started.error().text,
               {{"binary", row->binary}, {"errno", std::strerror(started.error().sys_errno)}});
    event.sys_errno = started.error().sys_errno;
    return tell_monitor(event, {});
  }
  event.kind = LauncherEventKind::kSpawned;
  event.pid = started->child.pid;
  const int descriptors[] = {started->link.get(), started->child.pidfd.get()};
  tell_monitor(event, descriptors);
  family_.adopt(std::move(started->child), row->binary, request.role);
  // The monitor starts a gateway when the database is loaded and the jail has withstood its attack.
  if (row->listeners == Listeners::kMcp) all_.notify.tell("READY=1");
}

void Watch::tell_monitor(const LauncherEvent& event, std::span<const int> descriptors) {
  if (!monitor_link_) return;
  LauncherEvent copy = event;
  iovec bytes{&copy, sizeof copy};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(2 * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  if (!descriptors.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = CMSG_SPACE(descriptors.size_bytes());
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(descriptors.size_bytes());
    std::memcpy(CMSG_DATA(header), descriptors.data(), descriptors.size_bytes());
  }
  const ssize_t sent = sendmsg(monitor_link_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent == sizeof copy) return;
  const int why = sent < 0 ? errno : 0;
  if (why == EPIPE || why == ECONNRESET) return;  // it ended: reap() will say so
  // An ending that the monitor never hears of would leave a dead child in its books.
  log_.error("the monitor does not read what it is told: it is ended", {{"errno", std::strerror(why)}});
  family_.signal_one(monitor_, SIGKILL);
}

void Watch::end_everybody() {
  stopping_ = true;
  monitor_link_.reset();
  const auto wait_until_left = [this](std::size_t left, std::int64_t patience_ms) {
    const std::int64_t deadline = now_ms() + patience_ms;
    while (family_.size() > left && now_ms() < deadline) {
      family_.wait(-1, kPollMs);
      reap();
    }
    return family_.size() <= left;
  };
  family_.signal_all_but(database_, SIGKILL);
  const std::size_t database = database_ < 0 ? 0 : 1;
  if (!wait_until_left(database, kKilledMs))
    log_.error("some processes do not end", {{"left", family_.size()}});
  for (const int signal : {SIGINT, SIGQUIT, SIGKILL}) {
    if (database_ < 0) return;
    family_.signal_one(database_, signal);
    if (wait_until_left(0, signal == SIGINT ? kDatabaseStopMs : kKilledMs)) return;
  }
}

}  // namespace mcpbox::launcher
