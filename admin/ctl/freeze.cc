// Runs in mcpboxctl.
#include <string>

#include "admin/ctl/commands.h"
#include "admin/ctl/connection.h"
#include "admin/ctl/json.h"
#include "admin/ctl/output.h"
#include "admin/ctl/rights.h"

namespace mcpbox::ctl {
namespace {

template <class Request>
Exit decide(const Options& options, Request& request, bool frozen, std::string_view sentence) {
  Answer<Connection> monitor = Connection::open(socket_path(options));
  if (!monitor) return report(monitor.error());
  if (const std::optional<Exit> no = become_decider(*monitor)) return *no;
  const Answer<protocol::Done> done = monitor->ask(request);
  if (!done) return report(done.error());
  print(options.json ? json_text(Object().flag("frozen", frozen).take().get()) : std::string(sentence));
  return Exit::kOk;
}

}  // namespace

Exit freeze(const Options& options) {
  protocol::Freeze request{.reason = options.reason.value_or("")};
  return decide(options, request, true,
                "Frozen: every call was ended and new ones are refused until `mcpboxctl thaw`.\n");
}

Exit thaw(const Options& options) {
  protocol::Thaw request;
  return decide(options, request, false, "Thawed: calls are accepted again.\n");
}

}  // namespace mcpbox::ctl
