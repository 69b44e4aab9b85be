// Runs in mcpboxctl: what an admin changes besides decisions.
#include "admin/ctl/commands.h"
#include "admin/ctl/connection.h"
#include "admin/ctl/output.h"
#include "admin/ctl/rights.h"
#include "privsep/base/visible.h"

namespace mcpbox::ctl {

Exit change_server(const Options& options) {
  protocol::ChangeServer order;
  order.server = options.words[1];
  if (options.name) order.name.emplace(*options.name);
  if (options.description) order.description.emplace(*options.description);
  order.default_timeout_ms = options.timeout_ms;
  Answer<Connection> monitor = Connection::open(socket_path(options));
  if (!monitor) return report(monitor.error());
  if (const std::optional<Exit> no = become_decider(*monitor)) return *no;
  const Answer<protocol::ServerInfo> changed = monitor->ask(order);
  if (!changed) return report(changed.error());
  print("Changed server " + base::visible(changed->name) + "\n");
  return Exit::kOk;
}

Exit remove(const Options& options) {
  Answer<Connection> monitor = Connection::open(socket_path(options));
  if (!monitor) return report(monitor.error());
  if (const std::optional<Exit> no = become_decider(*monitor)) return *no;
  protocol::Remove order{.what = options.words[1]};
  const Answer<protocol::Done> done = monitor->ask(order);
  if (!done) return report(done.error());
  print("Deleted " + base::visible(options.words[1]) + "\n");
  return Exit::kOk;
}

}  // namespace mcpbox::ctl
