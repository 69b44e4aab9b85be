// Runs in the monitor: what an admin sets on a server.
#include "policy/names.h"
#include "privsep/monitor/monitor.h"
#include "privsep/monitor/sql.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {

using base::Why;
namespace limits = policy::limits;

namespace {

base::Result<void> check_change(Monitor& m, const Server* server, const p::ChangeServer& q) {
  if (server == nullptr) return base::fail(Why::kNotFound, "no server of this name");
  if (!q.name && !q.description && !q.default_timeout_ms)
    return base::fail(Why::kInvalid, "nothing to change: give a name, a description or a time limit");
  if (q.default_timeout_ms &&
      (*q.default_timeout_ms < limits::kTimeoutMinMs || *q.default_timeout_ms > limits::kTimeoutMaxMs))
    return base::fail(Why::kInvalid, "the time limit is 1000 to 300000 milliseconds");
  if (!q.name || *q.name == server->name) return {};
  const policy::NameProblem problem = policy::server_name_problem(*q.name);
  if (problem != policy::NameProblem::kNone) return base::fail(Why::kInvalid, policy::reason_of(problem));
  if (m.catalogue.find_server(std::string_view(*q.name)) != nullptr)
    return base::fail(Why::kConflict, "a server of this name exists: choose another name");
  return {};
}

}  // namespace

// Two changes at once: the database takes them in the order in which they came, and so does the catalogue.
Answer<p::ServerInfo> on_change_server(Monitor& m, Peer& asker, p::ChangeServer q) {
  const Server* server = m.catalogue.find_server(std::string_view(q.server));
  const base::Result<void> good = check_change(m, server, q);
  if (!good) co_return std::unexpected(good.error());
  Server next = *server;
  if (q.name) next.name = *q.name;
  if (q.description) next.description = *q.description;
  if (q.default_timeout_ms) next.default_timeout_ms = *q.default_timeout_ms;
  const std::string before = server->name;
  AuditRecord record{.kind = AuditKind::kConfiguration,
                     .actor = asker.person.who,
                     .action = "update_server",
                     .subject = next.id,
                     .payload = before == next.name ? next.name : before + " is now " + next.name};
  const Store::MakeRows rows = [&next](std::uint64_t /*sequence*/) {
    return std::vector<Statement>{
        {.sql = &sql::kUpdateServer,
         .params = {Param::uuid(next.id), Param::text(next.name), Param::text(next.description),
                    Param::integer(next.default_timeout_ms)}}};
  };
  const std::uint64_t sequence = co_await m.store.commit(std::move(record), rows);
  static_cast<void>(sequence);
  Server* now = m.catalogue.find_server(next.id);
  if (now == nullptr) co_return base::fail(Why::kNotFound, "the server was deleted meanwhile");
  now->description = next.description;
  now->default_timeout_ms = next.default_timeout_ms;
  if (now->name != next.name) {
    m.catalogue.rename_server(next.id, next.name);
    m.tools_changed("");
  }
  co_return p::ServerInfo{
      .id = next.id, .name = std::string_view(next.name), .tools = m.catalogue.callable_tools_of(next.id)};
}

}  // namespace mcpbox::monitor
