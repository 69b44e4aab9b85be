// Runs in mcpboxctl.  What a client starts that speaks MCP over standard input and output.
#include <sys/signalfd.h>

#include <csignal>
#include <string>

#include "admin/ctl/bridge.h"
#include "admin/ctl/commands.h"
#include "admin/ctl/local_socket.h"
#include "admin/ctl/output.h"
#include "policy/names.h"

namespace mcpbox::ctl {

Exit stdio(const Options& options) {
  if (!options.server.empty() && policy::server_name_problem(options.server) != policy::NameProblem::kNone) {
    complain("--server wants the name of a server, such as weather");
    return Exit::kUsage;
  }
  const std::string socket = state_folder(options) + "/mcp.sock";
  if (const Answer<base::Fd> there = connect_local(socket); !there) return report(there.error());

  // Being told to end is a client that hangs up: what it waits for is withdrawn first.
  sigset_t ends;
  sigemptyset(&ends);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&ends, signal);
  ::sigprocmask(SIG_BLOCK, &ends, nullptr);
  const base::Fd stop(::signalfd(-1, &ends, SFD_CLOEXEC));

  const std::string path = options.server.empty() ? "/mcp" : "/mcp/servers/" + options.server;
  Bridge bridge({.in = 0, .out = 1, .stop = stop.get()}, socket, path);
  bridge.run();
  return Exit::kOk;
}

}  // namespace mcpbox::ctl
