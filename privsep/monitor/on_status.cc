// Runs in the monitor: the state of everything at a glance, without asking anybody.
#include "privsep/monitor/monitor.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {
namespace {

p::ProcessStatus status_of(const Monitor& m, p::Role role, const Child* child, std::uint32_t restarts) {
  p::ProcessStatus status{.role = protocol::name_of(role), .restarts = restarts};
  if (child != nullptr) status.pid = child->pid;
  if (child == nullptr || child->peer == nullptr) return status;
  status.serving = child->serving();
  status.layers = child->peer->layers;
  if (role == p::Role::kZygote) status.layers |= m.call_groups.forms();  // it cannot know of them
  if (status.serving) status.missing = child->required & ~child->peer->layers;
  return status;
}

p::ZygoteStatus status_of(const Pool& pool, p::ZygoteLife life, const Zygote& zygote) {
  const std::uint32_t idle = life == p::ZygoteLife::kForks ? pool.idle() : 0;
  const auto children = static_cast<std::uint32_t>(zygote.children());
  return {.flavour = pool.flavour().name().substr(0, decltype(p::ZygoteStatus::flavour)::kMax),
          .pid = zygote.process().pid,
          .life = life,
          .idle = idle,
          .in_use = children > idle ? children - idle : 0,
          .forked = zygote.forked()};
}

// The default zygote is among the processes even while it is down; others when they serve.
void add_zygotes(const Monitor& m, p::Status& status) {
  const Zygote* standard = m.spares.standard().current();
  status.processes.push_back(status_of(m, p::Role::kZygote,
                                       standard == nullptr ? nullptr : &standard->process(),
                                       m.spares.standard().restarts()));
  m.spares.each_pool([&](const Pool& pool) {
    for (const auto& [life, zygote] : pool.zygotes()) {
      if (status.zygotes.size() < decltype(status.zygotes)::kMax)
        status.zygotes.push_back(status_of(pool, life, *zygote));
      if (zygote != standard && zygote->process().serving() &&
          status.processes.size() < decltype(status.processes)::kMax)
        status.processes.push_back(status_of(m, p::Role::kZygote, &zygote->process(), pool.restarts()));
    }
  });
}

void add_turns(const Monitor& m, p::Status& status) {
  status.calls_queued = m.slots.waiting();
  status.cpu_slots = m.slots.counts().slots;
  status.cpu_slots_used = m.slots.slots_used();
  status.calls_memory_bytes = m.slots.counts().memory_bytes;
  status.calls_memory_used_bytes = m.slots.memory_used();
}

void count_tools(const Monitor& m, p::Status& status) {
  for (const auto& [id, server] : m.catalogue.servers()) status.servers_running += server.running ? 1 : 0;
  for (const auto& [id, tool] : m.catalogue.tools()) {
    status.tools_published += m.catalogue.listed(tool) ? 1 : 0;
    status.tools_pending += tool.approval == protocol::Approval::kPendingReview ? 1 : 0;
  }
}

// What an administrator chose, first, since it is meant to be seen; then what was ignored.
void add_warnings(const Monitor& m, p::Status& status) {
  for (const policy::SettingRow& row : policy::settings())
    if (m.policy.weaker(row.setting))
      status.warnings.emplace_back("weaker setting: " + std::string(row.key) + " = " +
                                   std::string(m.policy.value(row.setting)) + ": " +
                                   std::string(row.weaker_words));
  for (const std::string& warning : m.warnings)
    if (status.warnings.size() < decltype(status.warnings)::kMax) status.warnings.emplace_back(warning);
}

}  // namespace

Answer<p::Status> on_get_status(Monitor& m, Peer& asker, p::GetStatus /*q*/) {
  p::Status status{.version = std::string_view(kVersion)};
  status.trial = m.settings.trial != 0;
  status.missing_allowed = m.settings.missing_allowed;
  status.frozen = m.frozen;
  status.freeze_reason = m.freeze_reason;
  status.database_up = m.store.up();
  status.database = std::string_view(m.settings.database_embedded != 0 ? "embedded" : "as configured");
  status.audit_records = m.store.audit_records();
  status.calls_in_flight = static_cast<std::uint32_t>(m.calls.in_flight());
  status.spares_ready = m.spares.idle();
  count_tools(m, status);
  for (const auto& listener : m.settings.listeners)
    if (listener[0] != '\0') status.listeners.emplace_back(std::string_view(listener.data()));
  for (const auto& listener : m.settings.admin_listeners)
    if (listener[0] != '\0') status.admin_listeners.emplace_back(std::string_view(listener.data()));
  status.processes.push_back(m.own_status());
  for (const Children::Kept& kept : m.children.kept())
    status.processes.push_back(status_of(m, kept.role, kept.child.get(), kept.restarts.count()));
  add_zygotes(m, status);
  add_turns(m, status);
  add_warnings(m, status);
  status.may_decide = asker.state == protocol::State::kDeciding;
  status.needs_password = !status.may_decide && asker.member;
  status.self_attack = std::string_view(m.self_attacks.last());
  co_return status;
}

}  // namespace mcpbox::monitor
