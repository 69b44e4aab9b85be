// Runs in mcpboxctl.
#include "admin/ctl/status_text.h"

#include "admin/ctl/commands.h"
#include "admin/ctl/connection.h"
#include "admin/ctl/output.h"

namespace mcpbox::ctl {

Exit status(const Options& options) {
  Answer<Connection> monitor = Connection::open(socket_path(options));
  if (!monitor) return report(monitor.error());
  protocol::GetStatus question;
  const Answer<protocol::Status> now = monitor->ask(question);
  if (!now) return report(now.error());
  print(options.json ? json_text(status_json(*now).get()) : status_text(*now, output_width()));
  return is_healthy(*now) ? Exit::kOk : Exit::kUnhealthy;
}

}  // namespace mcpbox::ctl
