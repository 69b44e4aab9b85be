// mcpboxctl: what a person, or a person's script, asks of a running MCPbox.  Holds no right of its own: the
// monitor decides by SO_PEERCRED and password.  Trusts nothing that it prints.
#include <sys/prctl.h>

#include <csignal>
#include <string_view>
#include <vector>

#include "admin/ctl/commands.h"
#include "admin/ctl/options.h"
#include "admin/ctl/output.h"

int main(int argc, char** argv) {
  using namespace mcpbox;
  // A program of the same user must not trace a connection that a password has unlocked.
  ::prctl(PR_SET_DUMPABLE, 0);
  std::signal(SIGPIPE, SIG_IGN);  // a monitor or a reader that is gone is an error code, not a death

  const std::vector<std::string_view> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  const std::expected<ctl::Options, std::string> options = ctl::parse_options(arguments);
  if (!options) {
    ctl::complain(options.error() + "; `mcpboxctl help` lists the options");
    return static_cast<int>(ctl::Exit::kUsage);
  }
  return static_cast<int>(ctl::run(*options));
}
