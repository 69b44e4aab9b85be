// Runs in the monitor.  Trusts no child: the role is the launcher's word, and whatever a child sends goes
// through dispatch().
#include "privsep/monitor/children.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "privsep/monitor/dispatch.h"
#include "privsep/monitor/monitor.h"
#include "privsep/protocol/orders.h"

namespace mcpbox::monitor {

namespace limits = policy::limits;
using protocol::Role;

namespace {

constexpr Role kKept[] = {Role::kDialer, Role::kEgress, Role::kNetLocal, Role::kNetTunnel, Role::kAdmin};
constexpr const char* kStaysDown =
    "the tunnel's gateway ended twenty times within ten minutes and stays down: look into the log; a change "
    "of "
    "remote access with `mcpboxctl remote`, or a restart, brings it back";
constexpr std::int64_t kEndingsWindowMs = 10LL * 60 * 1000;

policy::Layers layers_of(Role role) {
  switch (role) {
    case Role::kZygote:
      return policy::kZygoteLayers;
    case Role::kDialer:
      return policy::kDialerLayers;
    default:
      return policy::kGatewayLayers;
  }
}

}  // namespace

std::int64_t Restarts::pause_after(std::int64_t now_ms, std::int64_t pause_ms) {
  endings_ms_.push_back(now_ms);
  while (now_ms - endings_ms_.front() > kEndingsWindowMs) endings_ms_.pop_front();
  ++count_;
  return endings_ms_.size() <= limits::kQuickRestarts ? 0 : pause_ms;
}

loop::Task<std::shared_ptr<Child>> Children::launch(Role role, Child::Events events) {
  Spawned spawned = co_await m_.launcher.spawn(role);
  auto child = std::make_shared<Child>();
  child->role = role;
  child->required = layers_of(role);
  child->pid = spawned.pid;
  child->pidfd = std::move(spawned.pidfd);
  child->events = std::move(events);
  child->peer = std::make_shared<Peer>();
  child->instance = m_.next_instance();
  child->peer->instance = child->instance;
  child->peer->role = role;
  all_.push_back(child);
  give_link(m_, child->peer, std::move(spawned.link),
            [this, weak = std::weak_ptr(child)](const base::Error& why) {
              if (const std::shared_ptr<Child> gone = weak.lock()) lost(gone, why);
            });
  child->patience = std::make_unique<loop::Timer>(m_.loop, [weak = std::weak_ptr(child->peer)] {
    if (const std::shared_ptr<Peer> silent = weak.lock())
      silent->link->close({base::Why::kTimeout, "it did not say Hello in time"});
  });
  child->patience->start(hello_ms_);
  co_return child;
}

void Children::end(Instance instance, const char* why) {
  for (const std::shared_ptr<Child>& child : all_) {
    if (child->peer == nullptr || child->peer->instance != instance) continue;
    child->peer->link->close({base::Why::kInvalid, why});
    return;
  }
}

void Children::serving(Instance instance) {
  for (const std::shared_ptr<Child>& child : all_) {
    if (child->peer == nullptr || child->peer->instance != instance) continue;
    child->patience.reset();
    m_.log.info("child serves", {{"role", protocol::name_of(child->role)}, {"pid", child->pid}});
    AuditRecord record{.kind = AuditKind::kLifecycle,
                       .actor = std::string(protocol::name_of(child->role)),
                       .action = "serving",
                       .number = child->pid};
    m_.background.spawn(m_.store.append(std::move(record)));
    const std::shared_ptr<Child> greeted = child;
    if (greeted->events.serving) greeted->events.serving();
    return;
  }
}

// Its link ended.  The process may still be there: it is of no use any more.
void Children::lost(const std::shared_ptr<Child>& child, const base::Error& why) {
  if (child->peer == nullptr) return;
  if (!child->leaving)
    m_.log.warn("child lost",
                {{"role", protocol::name_of(child->role)}, {"pid", child->pid}, {"why", why.text}});
  ::syscall(SYS_pidfd_send_signal, child->pidfd.get(), SIGKILL, nullptr, 0);
  const std::shared_ptr<Peer> peer = std::exchange(child->peer, nullptr);
  child->patience.reset();
  m_.calls.cancel_all_of(peer->instance);
  m_.tickets.forget(peer->instance);
  if (child->pid == 0) all_.remove(child);
  if (child->events.lost) child->events.lost(why);
}

void Children::ended(int pid, int wait_status) {
  const auto found = std::ranges::find(all_, pid, &Child::pid);
  if (found == all_.end()) return;
  // Closing its link may take it off the list.  NOLINTNEXTLINE(performance-unnecessary-copy-initialization)
  const std::shared_ptr<Child> child = *found;
  AuditRecord record{.kind = AuditKind::kChildEnding,
                     .actor = std::string(protocol::name_of(child->role)),
                     .action = "ended",
                     .number = wait_status};
  m_.background.spawn(m_.store.append(std::move(record)));
  const bool planned = child->leaving && wait_status == 0;
  if (!planned)
    m_.log.warn("child ended", {{"role", protocol::name_of(child->role)},
                                {"pid", pid},
                                {"signal", WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0},
                                {"status", WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 0}});
  child->pid = 0;
  // Whether it was an attacker's work or a mistake of ours, nobody can say: who was signed in signs in again.
  if (child->role == Role::kAdmin && WIFSIGNALED(wait_status) && !stopping_)
    m_.admin_sessions.end_presented(child->instance);
  m_.admin_sessions.forget_presented(child->instance);
  if (child->peer != nullptr)
    child->peer->link->close({base::Why::kBroken, "its process ended"});
  else
    all_.erase(found);
}

// --- The gateways ---------------------------------------------------------------------------------------

void Children::start() {
  for (const Role role : kKept) {
    // Without a listener of its own there is no tunnel.
    if (role == Role::kNetTunnel && m_.settings.tunnel_listeners[0][0] == '\0') continue;
    kept_.emplace_back().role = role;
    tasks_.spawn(start_kept(kept_.back()));
  }
}

loop::Task<> Children::start_kept(Kept& kept) {
  const bool of_network = kept.role == Role::kEgress || kept.role == Role::kDialer;
  Child::Events events{.serving =
                           [this, of_network] {
                             if (of_network) m_.egress.introduce();
                           },
                       .lost = [this, &kept](const base::Error& /*why*/) { again(kept); }};
  base::Result<std::shared_ptr<Child>> child = co_await loop::attempt(launch(kept.role, std::move(events)));
  if (child) {
    kept.child = std::move(*child);
    co_return loop::Nothing{};
  }
  m_.log.error("a child could not be started", child.error());
  again(kept);
  co_return std::unexpected(child.error());
}

void Children::again(Kept& kept) {
  kept.child = nullptr;
  if (stopping_) return;
  kept.again = std::make_unique<loop::Timer>(m_.loop, [this, &kept] { tasks_.spawn(start_kept(kept)); });
  const std::int64_t pause_ms = kept.restarts.pause_after(m_.clock.steady_ms(), pause_ms_);
  if (kept.role == Role::kNetTunnel && kept.restarts.recent() >= kTunnelEndings) {
    kept.stays_down = true;
    m_.warnings.emplace_back(kStaysDown);
    return m_.log.error("a child stays down", {{"role", protocol::name_of(kept.role)}, {"why", kStaysDown}});
  }
  kept.again->start(pause_ms);
}

void Children::bring_back(Role role) {
  for (Kept& kept : kept_) {
    if (kept.role != role || !std::exchange(kept.stays_down, false)) continue;
    std::erase(m_.warnings, kStaysDown);
    kept.restarts.forget();
    tasks_.spawn(start_kept(kept));
  }
}

void Children::each_gateway(const std::function<void(loop::Link&)>& action) {
  for (const Kept& kept : kept_)
    if (protocol::contains(protocol::kGateways, kept.role) && kept.child != nullptr && kept.child->serving())
      action(*kept.child->peer->link);
}

loop::Link* Children::link_of(Role role) {
  for (const Kept& kept : kept_)
    if (kept.role == role && kept.child != nullptr && kept.child->serving())
      return kept.child->peer->link.get();
  return nullptr;
}

}  // namespace mcpbox::monitor
