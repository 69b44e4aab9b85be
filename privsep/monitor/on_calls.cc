// Runs in the monitor: the published list, calls and draft runs.  Names are looked up here; rows are never
// named by a child.
#include <algorithm>

#include <sys/wait.h>

#include <csignal>

#include "privsep/monitor/monitor.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {

using base::Why;
namespace limits = policy::limits;

namespace {

constexpr std::size_t kPageBytes = limits::kMiB;  // of descriptions and schemas in one page of the list

}  // namespace

Answer<p::ToolPage> on_list_published(Monitor& m, Peer& asker, p::ListPublished q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  if (!q.server.empty()) {
    const Server* server = m.catalogue.find_server(std::string_view(q.server));
    if (server == nullptr || !server->running)
      co_return base::fail(Why::kNotFound, "no server of this name is running");
  }
  const std::vector<const Tool*> found =
      m.catalogue.published_after(q.server, q.after, limits::kToolsPerListPage + 1);
  p::ToolPage page;
  std::size_t bytes = 0;
  for (const Tool* tool : found) {
    bytes += tool->description.size() + tool->input_schema.size();
    if (page.tools.size() == limits::kToolsPerListPage || (bytes > kPageBytes && !page.tools.empty())) {
      page.more = true;
      break;
    }
    page.tools.push_back({.name = q.server.empty() ? m.catalogue.published_name(*tool) : tool->name,
                          .description = std::string_view(tool->description),
                          .input_schema = std::string_view(tool->input_schema)});
  }
  co_return page;
}

Answer<p::CallResult> on_open_call(Monitor& m, Peer& asker, p::OpenCall q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  const std::string published = q.server.empty() ? std::string(q.tool) : q.server + "__" + q.tool;
  const Tool* tool = m.catalogue.find_tool(published);
  if (tool == nullptr) co_return base::fail(Why::kNotFound, "no such tool is published");
  Job job{.mode = p::RunMode::kCall,
          .tool = tool->id,
          .wire_name = q.tool,
          .body = std::move(q.body),
          .arguments_log = std::move(q.arguments_log),
          .client = q.client,
          .caller = *caller,
          .request = q.request,
          .gateway = asker.instance};
  p::CallResult result = co_await m.calls.run(std::move(job));
  co_return result;
}

Answer<p::CallResult> on_test_code(Monitor& m, Peer& asker, p::TestCode q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  const Tool* tool = m.catalogue.find_tool(q.tool);
  if (tool == nullptr) co_return base::fail(Why::kNotFound, "no tool with this tool_id");
  Job job{.mode = p::RunMode::kTest,
          .tool = tool->id,
          .wire_name = m.catalogue.published_name(*tool),
          .body = std::move(q.arguments),
          .arguments_log = std::move(q.arguments_log),
          .client = q.client,
          .caller = *caller,
          .request = q.request,
          .gateway = asker.instance};
  p::CallResult result = co_await m.calls.run(std::move(job));
  co_return result;
}

Answer<p::Done> on_cancel_call(Monitor& m, Peer& asker, p::CancelCall q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  m.calls.cancel(asker.instance, q.request);
  co_return p::Done{};
}

Answer<p::Done> on_spare_ended(Monitor& m, Peer& /*asker*/, p::SpareEnded q) {
  m.spares.ended(q);
  const bool violated = WIFSIGNALED(q.wait_status) && WTERMSIG(q.wait_status) == SIGSYS;
  if (violated) m.log.warn("a call child made a forbidden system call", {{"spare", q.spare}});
  co_return p::Done{};
}

}  // namespace mcpbox::monitor
