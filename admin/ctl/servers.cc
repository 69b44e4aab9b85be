// Runs in mcpboxctl: servers, as an admin makes and changes them.
#include <optional>
#include <string>

#include "admin/ctl/columns.h"
#include "admin/ctl/commands.h"
#include "admin/ctl/find.h"
#include "admin/ctl/grant_text.h"
#include "admin/ctl/output.h"
#include "admin/ctl/rights.h"
#include "privsep/base/visible.h"

namespace mcpbox::ctl {
namespace {

using base::visible;

constexpr const char* kUse =
    "use: mcpboxctl server create NAME [--description TEXT], server start|stop NAME, or server NAME with "
    "what "
    "changes: [--name NEW] [--description TEXT] [--timeout MS]";

Exit usage() {
  complain(kUse);
  return Exit::kUsage;
}

std::string servers_text(const json_t* answer, std::size_t width) {
  Columns table({"SERVER", "STATUS", "TOOLS", "WAITING", "BY", "DESCRIPTION"});
  const json_t* rows = rows_of(answer);
  for (std::size_t i = 0; i < json_array_size(rows); ++i) {
    const json_t* row = json_array_get(rows, i);
    table.row({cell_of(row, "name"), cell_of(row, "status"), cell_of(row, "tool_count"),
               cell_of(row, "pending_count"), cell_of(row, "created_by"), cell_of(row, "description")});
  }
  if (table.empty()) return "No server shows this.  `mcpboxctl server create NAME` makes one.\n";
  return table.text(width) + page_text(answer, "servers") + "\n";
}

Exit say(const Options& options, const Answer<protocol::ServerInfo>& server, std::string_view done) {
  if (!server) return report(server.error());
  print(options.json ? json_text(Object()
                                     .text("server", server->name)
                                     .text("id", uuid_text(server->id))
                                     .number("tools", server->tools)
                                     .take()
                                     .get())
                     : std::string(done) + " server " + visible(server->name) + "\n");
  return Exit::kOk;
}

Exit create(const Options& options, Connection& monitor) {
  protocol::CreateServer order;
  order.name = options.words[2];
  order.description = options.description.value_or("");
  return say(options, monitor.ask(order), "Made");
}

template <class Order>
Exit switch_server(const Options& options, Connection& monitor, std::string_view done) {
  const Answer<wire::Id> server = find_server(monitor, options.words[2]);
  if (!server) return report(server.error());
  Order order{.server = *server};
  return say(options, monitor.ask(order), done);
}

Exit change(const Options& options) {
  if (!options.name && !options.description && !options.timeout_ms) return usage();
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  protocol::ChangeServer order;
  order.server = options.words[1];
  if (options.name) order.name.emplace(*options.name);
  if (options.description) order.description.emplace(*options.description);
  order.default_timeout_ms = options.timeout_ms;
  return say(options, monitor->ask(order), "Changed");
}

}  // namespace

Exit servers(const Options& options) {
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  protocol::AdminRead question{.query = protocol::AdminQuery::kServers, .page = options.page};
  question.search = options.search;
  return show_rows(options, monitor->ask(question), servers_text);
}

Exit server(const Options& options) {
  if (options.words.size() == 2) return change(options);
  const std::string& verb = options.words[1];
  if (verb != "create" && verb != "start" && verb != "stop") return usage();
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  if (verb == "create") return create(options, *monitor);
  return verb == "start" ? switch_server<protocol::StartServer>(options, *monitor, "Started")
                         : switch_server<protocol::StopServer>(options, *monitor, "Stopped");
}

}  // namespace mcpbox::ctl
