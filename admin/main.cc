// mcpbox-admin [admin]: the admin API and the web UI.  Started by the launcher in its namespaces; reads the
// files of the UI, builds what it needs, jails itself, and only then reads a byte from anybody.  Link:
// descriptor 3; listeners: 4 and up.
#include <jansson.h>
#include <sodium.h>

#include <csignal>
#include <cstdlib>
#include <ctime>
#include <vector>

#include "admin/serve.h"
#include "privsep/jail/child_arguments.h"
#include "privsep/jail/jail.h"
#include "privsep/jail/title.h"
#include "privsep/wire/spawn.h"

namespace {

using namespace mcpbox;

int refuse(const base::Log& log, const base::Error& why, int status) {
  log.error("not serving", why);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  const base::Log log("admin");
  const base::Result<jail::ChildArguments> given = jail::child_arguments(argc, argv, "admin");
  if (!given) return refuse(log, given.error(), EXIT_FAILURE);
  const std::optional<admin::SiteOptions> options = admin::site_options(given->rest);
  if (!options) return refuse(log, {base::Why::kInvalid, "unknown options"}, EXIT_FAILURE);
  admin::Site site(*options);
  base::Result<admin::UiFiles> files = admin::UiFiles::load(site.ui(), site.root());
  if (!files) return refuse(log, files.error(), EXIT_FAILURE);
  jail::set_title(argc, argv, "mcpbox: [admin]");
  std::signal(SIGPIPE, SIG_IGN);  // a client that is gone is an error of write()

  // What libraries would fetch from files later, when there are none.
  json_object_seed(0);
  if (::sodium_init() < 0) return refuse(log, {base::Why::kBroken, "libsodium does not start"}, EXIT_FAILURE);
  ::tzset();

  std::vector<int> keep{0, 1, 2, wire::kChildLinkFd};
  std::vector<base::Fd> listeners;
  for (unsigned i = 0; i < given->listeners; ++i) {
    keep.push_back(wire::kFirstListenerFd + static_cast<int>(i));
    listeners.emplace_back(keep.back());
  }
  loop::Loop loop;
  admin::Service service(loop, log, base::Fd(wire::kChildLinkFd), std::move(listeners), std::move(site),
                         std::move(*files));

  const base::Result<policy::Layers> layers = jail::enter(jail::jail_for_admin(given->allow_missing, keep));
  if (!layers) return refuse(log, layers.error(), jail::kExitNotJailed);
  return service.run(*layers);
}
