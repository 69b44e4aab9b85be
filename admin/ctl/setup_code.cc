// Runs in mcpboxctl.  The code that makes the first admin: shown to whoever owns the instance, on this
// terminal only.
#include <string>

#include "admin/ctl/commands.h"
#include "admin/ctl/connection.h"
#include "admin/ctl/json.h"
#include "admin/ctl/output.h"
#include "admin/ctl/rights.h"
#include "privsep/base/visible.h"

namespace mcpbox::ctl {

Exit setup_code(const Options& options) {
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  protocol::MakeSetupCode question;
  const Answer<protocol::SetupCode> made = monitor->ask(question);
  if (!made) return report(made.error());
  print(options.json ? json_text(Object().text("code", made->code).take().get())
                     : "Setup code: " + base::visible(made->code) +
                           "\nIt makes the first admin in the web UI, once, within 24 hours.\n");
  return Exit::kOk;
}

}  // namespace mcpbox::ctl
