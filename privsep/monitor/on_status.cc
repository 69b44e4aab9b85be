// Runs in the monitor: the state of everything at a glance, without asking anybody.
#include "privsep/monitor/monitor.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {
namespace {

p::ProcessStatus status_of(const Child& child) {
  p::ProcessStatus status{
      .role = protocol::name_of(child.role), .pid = child.pid, .restarts = child.restarts};
  if (child.peer == nullptr) return status;
  status.serving = child.peer->state == protocol::State::kServing;
  status.layers = child.peer->layers;
  if (status.serving) status.missing = child.required & ~child.peer->layers;
  return status;
}

void count_tools(const Monitor& m, p::Status& status) {
  for (const auto& [id, server] : m.catalogue.servers()) status.servers_running += server.running ? 1 : 0;
  for (const auto& [id, tool] : m.catalogue.tools()) {
    status.tools_published += m.catalogue.listed(tool) ? 1 : 0;
    status.tools_pending += tool.approval == protocol::Approval::kPendingReview ? 1 : 0;
  }
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
  status.processes.push_back(m.own_status());
  for (const auto& [role, child] : m.children.all()) status.processes.push_back(status_of(child));
  for (const std::string& warning : m.warnings)
    if (status.warnings.size() < decltype(status.warnings)::kMax) status.warnings.emplace_back(warning);
  status.may_decide = asker.state == protocol::State::kDeciding;
  status.needs_password = !status.may_decide && asker.member;
  co_return status;
}

}  // namespace mcpbox::monitor
