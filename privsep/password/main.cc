// mcpbox-password: one Argon2id question.  Started by the launcher in its namespaces for one order of the
// monitor on descriptor 3; jails itself, answers, exits.  Says no Hello: the table gives it nothing to ask.
#include <sodium.h>

#include <array>
#include <csignal>
#include <cstdlib>

#include "privsep/base/log.h"
#include "privsep/jail/child_arguments.h"
#include "privsep/jail/jail.h"
#include "privsep/jail/title.h"
#include "privsep/password/answer.h"
#include "privsep/wire/spawn.h"

namespace {

using namespace mcpbox;

int refuse(const base::Log& log, const base::Error& why, int status) {
  log.error("not serving", why);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  const base::Log log("password");
  const base::Result<jail::ChildArguments> arguments = jail::child_arguments(argc, argv, "password");
  if (!arguments) return refuse(log, arguments.error(), EXIT_FAILURE);
  jail::set_title(argc, argv, "mcpbox: [password]");
  std::signal(SIGPIPE, SIG_IGN);  // a monitor that is gone is an error of write()
  if (sodium_init() < 0) return refuse(log, {.text = "libsodium does not start"}, EXIT_FAILURE);

  constexpr std::array<int, 4> kKeep{0, 1, 2, wire::kChildLinkFd};
  const base::Result<policy::Layers> layers =
      jail::enter(jail::jail_for_password(arguments->allow_missing, kKeep));
  if (!layers) return refuse(log, layers.error(), jail::kExitNotJailed);

  const base::Result<void> served = password::answer_one(wire::kChildLinkFd);
  if (served || served.error().why == base::Why::kCancelled) return EXIT_SUCCESS;
  return refuse(log, served.error(), EXIT_FAILURE);
}
