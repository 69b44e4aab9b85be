// mcpbox-launcher [root, or the user of a trial].  Starts everything from a fixed table and ends everything
// together. Trusts its configuration file once checked; reads nothing else from outside.  See
// privsep/README.md.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <string_view>

#include "privsep/base/visible.h"
#include "privsep/launcher/kernel.h"
#include "privsep/launcher/members.h"
#include "privsep/launcher/probe.h"
#include "privsep/launcher/watch.h"

namespace {

using namespace mcpbox;

constexpr const char* kUsage =
    "usage: mcpbox-launcher STATE/mcpbox.conf   run an instance until SIGTERM or SIGINT\n"
    "       mcpbox-launcher --probe             print the isolation layers that this user cannot have here\n";

int complain(std::string_view sentence) {
  std::fprintf(stderr, "mcpbox-launcher: %s\n", base::visible(sentence).c_str());
  return 1;
}

int run(const char* config_path) {
  umask(022);
  launcher::Family family;  // first: a signal that comes while we open things is not lost
  launcher::Outcome<launcher::Holdings> holdings = launcher::open_everything(config_path);
  if (!holdings) return complain(holdings.error());
  const base::Log log("launcher");
  if (geteuid() == 0 && !launcher::stay_when_memory_runs_out())
    log.warn("the kernel may take this process when memory runs out");
  launcher::Outcome<launcher::CallGroups> groups = launcher::make_call_groups(*holdings);
  if (groups) holdings->call_groups = std::move(*groups);
  if (!groups) log.info("calls have no control groups", {{"why", groups.error()}});
  for (const std::string& warning : holdings->config.warnings) log.warn(warning);
  log.info("starting", {{"state", holdings->state}, {"pid", getpid()}});
  const int status = launcher::Watch(*holdings, family, log).run();
  if (holdings->call_groups && !holdings->call_groups->remove()) log.warn("a control group is left over");
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  if (std::string_view(argv[1]) == "--probe") {
    std::printf("%s\n", launcher::names_of(launcher::missing_here()).c_str());
    return 0;
  }
  return run(argv[1]);
}
