// Runs in mcpboxctl.
#include "admin/ctl/commands.h"
#include "admin/ctl/find.h"
#include "admin/ctl/output.h"
#include "admin/ctl/rights.h"
#include "admin/ctl/tool_text.h"

namespace mcpbox::ctl {

Exit show(const Options& options) {
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  const Answer<protocol::ToolDetail> tool = find_tool(*monitor, options.words[1]);
  if (!tool) return report(tool.error());
  if (options.json)
    print(json_text(tool_json(*tool).get()));
  else
    page(tool_text(*tool));
  return Exit::kOk;
}

}  // namespace mcpbox::ctl
