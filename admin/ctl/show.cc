// Runs in mcpboxctl.
#include "admin/ctl/commands.h"
#include "admin/ctl/connection.h"
#include "admin/ctl/output.h"
#include "admin/ctl/rights.h"
#include "admin/ctl/tool_text.h"

namespace mcpbox::ctl {

Exit show(const Options& options) {
  Answer<Connection> monitor = Connection::open(socket_path(options));
  if (!monitor) return report(monitor.error());
  if (const std::optional<Exit> no = become_decider(*monitor)) return *no;
  protocol::ShowTool question{.tool = options.words[1]};
  const Answer<protocol::ToolDetail> tool = monitor->ask(question);
  if (!tool) return report(tool.error());
  if (options.json)
    print(json_text(tool_json(*tool).get()));
  else
    page(tool_text(*tool));
  return Exit::kOk;
}

}  // namespace mcpbox::ctl
