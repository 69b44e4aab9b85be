// Runs in the monitor: going back to what a tool was.  The database is trusted with the content of a version,
// not with its approval: the digest is computed anew from what it gave.
#include "privsep/monitor/monitor.h"
#include "privsep/monitor/sql.h"
#include "privsep/monitor/tools.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {

using base::Why;
using policy::Step;

namespace {

base::Result<void> check_rollback(const Tool* tool, std::uint32_t version) {
  if (tool == nullptr) return base::fail(Why::kNotFound, "no tool with this tool_id: see mcpbox_list_tools");
  if (tool->saving) return std::unexpected(kSaving);
  if (version == tool->version)
    return base::fail(Why::kConflict,
                      "this is the tool's current version: see mcpbox_list_tool_versions for others");
  if (version == 0 || version > tool->version)
    return base::fail(Why::kInvalid, "version does not exist: see mcpbox_list_tool_versions");
  return {};
}

// Where the tool stands under its old content.
p::Approval approval_after(const Tool& before, const Tool& next) {
  const wire::Digest digest = digest_of_tool(next);
  if (Keys::same(digest_of_tool(before), digest)) return state_of(before);
  const Step step = next.approved.contains(digest) ? Step::kRestore : Step::kChange;
  return *policy::transition(state_of(before), step).to;
}

}  // namespace

Answer<p::ToolSaved> on_rollback_tool(Monitor& m, Peer& asker, p::RollbackTool q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  base::Result<void> good = check_rollback(m.catalogue.find_tool(q.tool), q.version);
  if (!good) co_return std::unexpected(good.error());
  const std::uint32_t current = m.catalogue.find_tool(q.tool)->version;
  Statement read{.sql = &sql::kLoadVersion, .params = {Param::uuid(q.tool), Param::integer(q.version)}};
  const Rows found = co_await m.store.query(std::move(read));
  good = check_rollback(m.catalogue.find_tool(q.tool), q.version);  // the world moved on
  if (!good) co_return std::unexpected(good.error());
  if (found.rows.empty())
    co_return base::fail(Why::kInvalid, "version does not exist: see mcpbox_list_tool_versions");
  const Tool before = *m.catalogue.find_tool(q.tool);
  if (before.version != current)
    co_return base::fail(Why::kConflict, "the tool was changed meanwhile: look at its versions again");
  Tool next = before;
  take_content(next, found.rows.front(), 0);
  if (next.name != before.name) good = check_new_name(m, next.server, next.name);
  if (good) good = check_content(next);
  if (!good) co_return std::unexpected(good.error());
  next.approval = approval_after(before, next);
  next.version = before.version + 1;
  std::string summary = "Rolled back to version " + std::to_string(q.version);
  // No digest covers it: whoever reads the versions or the chain sees that it was switched.
  if (next.enabled != before.enabled) summary += next.enabled ? "; enabled" : "; disabled";
  const std::uint64_t sequence =
      co_await save_change(m, caller->who, before, next, summary, Source::kRollback);
  static_cast<void>(sequence);
  const Tool* now = m.catalogue.find_tool(q.tool);
  co_return saved(now == nullptr ? next : *now, true);
}

}  // namespace mcpbox::monitor
