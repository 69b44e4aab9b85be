// Runs in mcpboxctl.  Creates admins: whoever may decide may make others who may.
#include <unistd.h>

#include <string>

#include "admin/ctl/commands.h"
#include "admin/ctl/connection.h"
#include "admin/ctl/json.h"
#include "admin/ctl/output.h"
#include "admin/ctl/password.h"
#include "admin/ctl/rights.h"
#include "admin/ctl/terminal.h"
#include "privsep/base/visible.h"

namespace mcpbox::ctl {

Exit admin(const Options& options) {
  if (options.words[1] != "set-password") {
    complain("use: mcpboxctl admin set-password NAME");
    return Exit::kUsage;
  }
  const std::string& name = options.words[2];
  Answer<Connection> monitor = Connection::open(socket_path(options));
  if (!monitor) return report(monitor.error());
  if (monitor->daemon_uid() != 0 && monitor->daemon_uid() != ::geteuid()) {
    complain("the control socket was made by another user, so no password is sent to it");
    return Exit::kNotPermitted;
  }
  if (const std::optional<Exit> no = become_decider(*monitor)) return *no;
  std::expected<std::string, std::string> password = new_password();
  if (!password) {
    complain(password.error());
    return Exit::kRefused;
  }
  protocol::SetPassword request{.admin = name, .password = *password};
  wipe(*password);
  const Answer<protocol::Done> done = monitor->ask(request);
  wipe(request.password);
  if (!done) return report(done.error());
  print(options.json ? json_text(Object().text("admin", name).take().get())
                     : "The password of " + base::visible(name) + " is set.\n");
  return Exit::kOk;
}

}  // namespace mcpbox::ctl
