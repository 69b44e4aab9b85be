// Runs in the monitor: the live feed.  The table lets only deciders ask.
#include "privsep/monitor/monitor.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {

Answer<p::ActivityPage> on_watch_activity(Monitor& m, Peer& /*asker*/, p::WatchActivity q) {
  p::ActivityPage page = co_await m.activity.watch(q.after, q.wait_ms);
  co_return page;
}

}  // namespace mcpbox::monitor
