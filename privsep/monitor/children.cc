// Runs in the monitor.  Trusts no child: the role is the launcher's word, and whatever a child sends goes
// through dispatch().
#include "privsep/monitor/children.h"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "privsep/monitor/dispatch.h"
#include "privsep/monitor/monitor.h"

namespace mcpbox::monitor {

namespace limits = policy::limits;

namespace {

struct Kind {
  protocol::Role role;
  policy::Layers required;
};

// Every child that runs as long as the monitor does.
constexpr Kind kKinds[] = {
    {protocol::Role::kZygote, policy::kZygoteLayers},
    {protocol::Role::kNetLocal, policy::kGatewayLayers},
};

constexpr std::int64_t kEndingsWindowMs = 10LL * 60 * 1000;

}  // namespace

void Children::start() {
  for (const Kind& kind : kKinds) {
    Child& child = children_[kind.role];
    child.role = kind.role;
    child.required = kind.required;
    tasks_.spawn(launch(kind.role));
  }
}

loop::Task<> Children::launch(protocol::Role role) {
  base::Result<Spawned> spawned = co_await loop::attempt(m_.launcher.spawn(role));
  Child& child = children_[role];
  if (!spawned) {
    m_.log.error("a child could not be started", spawned.error());
    schedule(child);
    co_return std::unexpected(spawned.error());
  }
  child.pid = spawned->pid;
  child.pidfd = std::move(spawned->pidfd);
  child.peer = std::make_shared<Peer>();
  Peer& peer = *child.peer;
  peer.instance = m_.next_instance();
  peer.role = role;
  give_link(m_, child.peer, std::move(spawned->link),
            [this, role](const base::Error& why) { lost(role, why.text); });
  co_return loop::Nothing{};
}

void Children::serving(Instance instance) {
  for (auto& [role, child] : children_) {
    if (child.peer == nullptr || child.peer->instance != instance) continue;
    m_.log.info("child serves", {{"role", protocol::name_of(role)}, {"pid", child.pid}});
    if (role == protocol::Role::kZygote) m_.spares.use_zygote(child.peer->link.get());
  }
}

// Its link ended.  The process may still be there: it is of no use any more.
void Children::lost(protocol::Role role, const char* why) {
  Child& child = children_[role];
  if (child.peer == nullptr) return;
  m_.log.warn("child lost", {{"role", protocol::name_of(role)}, {"pid", child.pid}, {"why", why}});
  ::syscall(SYS_pidfd_send_signal, child.pidfd.get(), SIGKILL, nullptr, 0);
  if (role == protocol::Role::kZygote) m_.spares.use_zygote(nullptr);
  m_.calls.cancel_all_of(child.peer->instance);
  m_.tickets.forget(child.peer->instance);
  child.peer.reset();
  schedule(child);
}

void Children::ended(int pid, int wait_status) {
  for (auto& [role, child] : children_) {
    if (child.pid != pid) continue;
    AuditRecord record{.kind = AuditKind::kChildEnding,
                       .actor = std::string(protocol::name_of(role)),
                       .action = "ended",
                       .number = wait_status};
    m_.background.spawn(m_.store.append(std::move(record)));
    m_.log.warn("child ended", {{"role", protocol::name_of(role)},
                                {"pid", pid},
                                {"signal", WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0},
                                {"status", WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 0}});
    child.pid = 0;
    if (child.peer != nullptr) child.peer->link->close({base::Why::kBroken, "its process ended"});
  }
}

void Children::schedule(Child& child) {
  if (stopping_) return;
  const std::int64_t now = m_.clock.steady_ms();
  child.endings_ms.push_back(now);
  while (now - child.endings_ms.front() > kEndingsWindowMs) child.endings_ms.pop_front();
  ++child.restarts;
  const bool quick = child.endings_ms.size() <= limits::kQuickRestarts;
  child.again =
      std::make_unique<loop::Timer>(m_.loop, [this, role = child.role] { tasks_.spawn(launch(role)); });
  child.again->start(quick ? 0 : limits::kRestartPauseMs);
}

void Children::each_gateway(const std::function<void(loop::Link&)>& action) {
  for (auto& [role, child] : children_)
    if (role == protocol::Role::kNetLocal && child.peer != nullptr &&
        child.peer->state == protocol::State::kServing)
      action(*child.peer->link);
}

}  // namespace mcpbox::monitor
