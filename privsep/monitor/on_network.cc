// Runs in the monitor.  What egress says about a call is believed only of a call that is live and has a
// network.
#include "privsep/monitor/monitor.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {

Answer<p::Done> on_report_denied(Monitor& m, Peer& /*asker*/, p::ReportDenied q) {
  const Call* call = m.calls.find(q.grant);
  if (call == nullptr) co_return p::Done{};  // over meanwhile
  const Tool* tool = m.catalogue.find_tool(call->job.tool);
  m.log.warn("a tool tried what is not approved",
             {{"tool", tool == nullptr ? "" : m.catalogue.published_name(*tool)},
              {"host", q.host},
              {"port", q.port}});
  co_return p::Done{};
}

}  // namespace mcpbox::monitor
