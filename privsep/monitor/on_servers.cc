// Runs in the monitor: servers, and the named reads.  What takes a server away acts before its commit, what
// gives it acts after.
#include "policy/names.h"
#include "privsep/monitor/keys.h"
#include "privsep/monitor/monitor.h"
#include "privsep/monitor/reads.h"
#include "privsep/monitor/sql.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {

using base::Why;
namespace limits = policy::limits;

namespace {

p::ServerInfo info_of(const Monitor& m, const Server& server) {
  return {.id = server.id,
          .name = std::string_view(server.name),
          .tools = m.catalogue.callable_tools_of(server.id)};
}

loop::Task<std::uint64_t> save_status(Monitor& m, std::string who, const char* action, wire::Id server,
                                      const char* status) {
  AuditRecord record{
      .kind = AuditKind::kConfiguration, .actor = std::move(who), .action = action, .subject = server};
  const Store::MakeRows rows = [server, status](std::uint64_t /*sequence*/) {
    return std::vector<Statement>{
        {.sql = &sql::kUpdateServerStatus, .params = {Param::uuid(server), Param::text(status)}}};
  };
  std::uint64_t sequence = co_await m.store.commit(std::move(record), rows);
  co_return sequence;
}

}  // namespace

Answer<p::ServerInfo> on_create_server(Monitor& m, Peer& asker, p::CreateServer q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  const policy::NameProblem problem = policy::server_name_problem(q.name);
  if (problem != policy::NameProblem::kNone) co_return base::fail(Why::kInvalid, policy::reason_of(problem));
  if (m.catalogue.find_server(std::string_view(q.name)) != nullptr)
    co_return base::fail(Why::kConflict,
                         "a server of this name exists: use it, mcpbox_list_servers shows its id; or choose "
                         "another name");
  if (m.catalogue.servers().size() >= limits::kServers)
    co_return base::fail(Why::kBusy,
                         "there are 1000 servers already: an administrator must remove one first");
  Server server{.id = random_id(), .name = q.name, .description = q.description};
  AuditRecord record{.kind = AuditKind::kConfiguration,
                     .actor = caller->who,
                     .action = "create_server",
                     .subject = server.id,
                     .payload = server.name};
  const Store::MakeRows rows = [server, who = caller->who](std::uint64_t /*sequence*/) {
    return std::vector<Statement>{{.sql = &sql::kInsertServer,
                                   .params = {Param::uuid(server.id), Param::text(server.name),
                                              Param::text(server.description), Param::text(who)}}};
  };
  const std::uint64_t sequence = co_await m.store.commit(std::move(record), rows);
  static_cast<void>(sequence);
  m.catalogue.put(server);
  co_return info_of(m, server);
}

Answer<p::ServerInfo> on_start_server(Monitor& m, Peer& asker, p::StartServer q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  const Server* server = m.catalogue.find_server(q.server);
  if (server == nullptr) co_return base::fail(Why::kNotFound, "no server with this server_id");
  if (server->running)
    co_return base::fail(Why::kConflict,
                         "the server with this server_id is running already: call its tools, "
                         "mcpbox_search_tools shows their names");
  if (m.catalogue.tools_of(server->id) == 0)
    co_return base::fail(Why::kInvalid,
                         "the server with this server_id has no tools: create one with mcpbox_create_tool "
                         "first");
  if (m.catalogue.callable_tools_of(server->id) == 0)
    co_return base::fail(
        Why::kInvalid,
        "no tool of the server with this server_id is enabled and approved: ask for a review "
        "with mcpbox_request_publish, and start the server when an administrator has "
        "approved");
  const std::uint64_t sequence = co_await save_status(m, caller->who, "start_server", q.server, "running");
  static_cast<void>(sequence);
  Server* started = m.catalogue.find_server(q.server);
  if (started == nullptr)
    co_return base::fail(Why::kNotFound, "the server was deleted meanwhile: see mcpbox_list_servers");
  started->running = true;
  m.tools_changed(started->name);
  co_return info_of(m, *started);
}

Answer<p::ServerInfo> on_stop_server(Monitor& m, Peer& asker, p::StopServer q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  Server* server = m.catalogue.find_server(q.server);
  if (server == nullptr) co_return base::fail(Why::kNotFound, "no server with this server_id");
  if (!server->running)
    co_return base::fail(Why::kConflict,
                         "the server with this server_id is not running: mcpbox_start_server puts it into "
                         "service");
  server->running = false;
  for (const auto& [id, tool] : m.catalogue.tools())
    if (tool.server == q.server) m.calls.kill_calls_of_tool(id);
  m.tools_changed(server->name);
  const p::ServerInfo info = info_of(m, *server);
  const std::uint64_t sequence = co_await save_status(m, caller->who, "stop_server", q.server, "stopped");
  static_cast<void>(sequence);
  co_return info;
}

Answer<p::JsonText> on_read(Monitor& m, Peer& asker, p::Read q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  if (q.page == 0 || q.page_size == 0 || q.page_size > limits::kPageMax)
    co_return base::fail(Why::kInvalid, "page begins at 1 and page_size is 1 to 100");
  p::JsonText json = co_await read_json(m, statement_of(q));
  co_return json;
}

}  // namespace mcpbox::monitor
