// Runs in the gateways.  Trusts nothing from clients beyond what problem_with() has checked; the monitor
// decides. Contract 2.2: create_server, delete_server, start_server, stop_server.
#include "gateway/manage.h"
#include "privsep/http/ids.h"

namespace mcpbox::gateway {
namespace {

std::string no_server(const ManageCall& c) {
  return "Server " + std::string(c.arguments.text("server_id")) +
         " not found. Call mcpbox_list_servers for the ids.";
}

}  // namespace

Task<Managed> on_create_server(const ManageCall& c) {
  protocol::CreateServer order{.ticket = c.call.in.ticket};
  order.name = c.arguments.text("name");
  order.description = c.arguments.text("description");
  const base::Result<protocol::ServerInfo> made = co_await attempt(c.call.g.monitor->ask(order));
  if (!made) {
    Managed refused = failed(made.error());
    if (refused.why == base::Why::kInvalid)
      refused.field = "name";  // of the two arguments, the only one with rules
    co_return refused;
  }
  Object out;
  out.boolean("success", true).text("id", text_of(made->id)).text("name", made->name);
  out.text("message", "Server " + made->name +
                          " is created. Add a tool with mcpbox_create_tool and this id as server_id.");
  co_return Managed{.structured = out.take()};
}

Task<Managed> on_start_server(const ManageCall& c) {
  protocol::StartServer order{.ticket = c.call.in.ticket, .server = c.arguments.id("server_id")};
  const base::Result<protocol::ServerInfo> started = co_await attempt(c.call.g.monitor->ask(order));
  if (!started) co_return failed(started.error(), no_server(c));
  Object out;
  out.boolean("success", true);
  out.text("message", "Server " + started->name + " runs with " + std::to_string(started->tools) +
                          " tools. They are in tools/list now as " + started->name +
                          "__TOOL; mcpbox_call_tool calls them in a chat that has not read the list again.");
  out.text("status", "running").number("registered_tools", started->tools);
  co_return Managed{.structured = out.take()};
}

Task<Managed> on_delete_server(const ManageCall& c) {
  protocol::DeleteServer order{.ticket = c.call.in.ticket, .server = c.arguments.id("server_id")};
  const base::Result<protocol::ServerInfo> gone = co_await attempt(c.call.g.monitor->ask(order));
  if (!gone) co_return failed(gone.error(), no_server(c));
  Object out;
  out.boolean("success", true);
  out.text("message", "Server " + gone->name + " and its " + std::to_string(gone->tools) +
                          " tools are deleted, with their versions and approvals. This cannot be undone.");
  co_return Managed{.structured = out.take()};
}

Task<Managed> on_stop_server(const ManageCall& c) {
  protocol::StopServer order{.ticket = c.call.in.ticket, .server = c.arguments.id("server_id")};
  const base::Result<protocol::ServerInfo> stopped = co_await attempt(c.call.g.monitor->ask(order));
  if (!stopped) co_return failed(stopped.error(), no_server(c));
  Object out;
  out.boolean("success", true);
  out.text("message",
           "Server " + stopped->name + " is stopped. mcpbox_start_server puts its tools back into service.");
  out.text("status", "stopped");
  co_return Managed{.structured = out.take()};
}

}  // namespace mcpbox::gateway
