// Runs in the monitor: deleting tools and servers.  Calls die before the commit, and whatever began during it
// after it; the audit chain keeps what happened.
#include "privsep/monitor/monitor.h"
#include "privsep/monitor/sql.h"
#include "privsep/monitor/tools.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {

using base::Why;

namespace {

constexpr const char* kNoTool = "no tool with this tool_id: see mcpbox_list_tools";
constexpr const char* kNoServer = "no server with this server_id: see mcpbox_list_servers";

std::string server_name(const Monitor& m, const wire::Id& server) {
  const auto found = m.catalogue.servers().find(server);
  return found == m.catalogue.servers().end() ? std::string() : found->second.name;
}

loop::Task<std::uint64_t> write(Monitor& m, std::string who, const char* action, wire::Id subject,
                                std::string name, const Sql* sql) {
  AuditRecord record{.kind = AuditKind::kConfiguration,
                     .actor = std::move(who),
                     .action = action,
                     .subject = subject,
                     .payload = std::move(name)};
  const Store::MakeRows rows = [&](std::uint64_t /*sequence*/) {
    return std::vector<Statement>{{.sql = sql, .params = {Param::uuid(subject)}}};
  };
  std::uint64_t sequence = co_await m.store.commit(std::move(record), rows);
  co_return sequence;
}

loop::Task<p::Done> delete_tool(Monitor& m, std::string who, wire::Id id) {
  Tool* tool = m.catalogue.find_tool(id);
  if (tool == nullptr) co_return base::fail(Why::kNotFound, kNoTool);
  if (tool->saving) co_return std::unexpected(kSaving);
  const bool was_published = m.catalogue.published(*tool);
  const bool was_enabled = tool->enabled;
  const std::uint32_t list = p::list_of(tool->kind);
  std::string name = m.catalogue.published_name(*tool);
  const std::string server = server_name(m, tool->server);
  const SavingMark mark(m.catalogue, id);
  tool->enabled = false;
  m.calls.kill_calls_of_tool(id);
  const base::Result<std::uint64_t> written =
      co_await loop::attempt(write(m, std::move(who), "delete_tool", id, std::move(name), &sql::kDeleteTool));
  tool = m.catalogue.find_tool(id);
  if (!written) {
    if (tool != nullptr) tool->enabled = was_enabled;
    co_return std::unexpected(written.error());
  }
  m.calls.kill_calls_of_tool(id);  // draft runs of it
  m.catalogue.erase_tool(id);
  if (was_published) m.tools_changed(server, list);
  co_return p::Done{};
}

bool any_saving(const Monitor& m, const wire::Id& server) {
  for (const auto& [id, tool] : m.catalogue.tools())
    if (tool.server == server && tool.saving) return true;
  return false;
}

void kill_calls_of_server(Monitor& m, const wire::Id& server) {
  for (const auto& [id, tool] : m.catalogue.tools())
    if (tool.server == server) m.calls.kill_calls_of_tool(id);
}

loop::Task<p::ServerInfo> delete_server(Monitor& m, std::string who, wire::Id id) {
  Server* server = m.catalogue.find_server(id);
  if (server == nullptr) co_return base::fail(Why::kNotFound, kNoServer);
  if (any_saving(m, id)) co_return std::unexpected(kSaving);
  p::ServerInfo info{.id = id,
                     .name = std::string_view(server->name),
                     .tools = static_cast<std::uint32_t>(m.catalogue.tools_of(id))};
  const bool was_running = server->running;
  std::string name = server->name;
  server->running = false;
  kill_calls_of_server(m, id);
  const base::Result<std::uint64_t> written = co_await loop::attempt(
      write(m, std::move(who), "delete_server", id, std::move(name), &sql::kDeleteServer));
  server = m.catalogue.find_server(id);
  if (!written) {
    if (server != nullptr) server->running = was_running;
    co_return std::unexpected(written.error());
  }
  kill_calls_of_server(m, id);
  m.catalogue.erase_server(id);
  m.grants.forget_server(id);
  m.secrets.forget_server(id);
  m.tools_changed(info.name);
  co_return info;
}

}  // namespace

Answer<p::Done> on_delete_tool(Monitor& m, Peer& asker, p::DeleteTool q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  p::Done done = co_await delete_tool(m, caller->who, q.tool);
  co_return done;
}

Answer<p::ServerInfo> on_delete_server(Monitor& m, Peer& asker, p::DeleteServer q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  p::ServerInfo info = co_await delete_server(m, caller->who, q.server);
  co_return info;
}

Answer<p::Done> on_remove(Monitor& m, Peer& asker, p::Remove q) {
  if (const Tool* tool = m.catalogue.find_tool(std::string_view(q.what)); tool != nullptr) {
    p::Done done = co_await delete_tool(m, asker.person.who, tool->id);
    co_return done;
  }
  const Server* server = m.catalogue.find_server(std::string_view(q.what));
  if (server == nullptr)
    co_return base::fail(Why::kNotFound, "no server and no tool of this name: use SERVER or SERVER__TOOL");
  const p::ServerInfo info = co_await delete_server(m, asker.person.who, server->id);
  static_cast<void>(info);
  co_return p::Done{};
}

}  // namespace mcpbox::monitor
