// Runs in admin: the monitor's numbers as Prometheus text.  They name no tool, no caller and no address, so a
// scraper on this machine needs no session; what comes through a proxy comes from anywhere and does.
#include "admin/metrics/text.h"
#include "admin/routes.h"
#include "privsep/protocol/messages_ctl.h"

namespace mcpbox::admin {

Task<Answered> on_metrics(Admin& a, const Incoming& in) {
  if (!in.session.empty()) {
    protocol::GetStatus is_somebody;
    const protocol::Status signed_in = co_await ask_as(a, in, is_somebody);
    static_cast<void>(signed_in);
  } else if (!a.site.is_direct(in.exchange->headers())) {
    co_return Answered(problem(401, kNotSignedIn));
  }
  protocol::GetMetrics question;
  const protocol::Metrics metrics = co_await a.monitor->ask(question);
  co_return Answered(Response{.body = metrics::text_of(metrics), .content_type = metrics::kContentType});
}

}  // namespace mcpbox::admin
