// Runs in mcpboxctl.  Admins and their sessions: whoever may decide may make others who may, and end them.
#include <unistd.h>

#include <expected>
#include <optional>
#include <string>

#include "admin/ctl/columns.h"
#include "admin/ctl/commands.h"
#include "admin/ctl/find.h"
#include "admin/ctl/grant_text.h"
#include "admin/ctl/order.h"
#include "admin/ctl/password.h"
#include "admin/ctl/rights.h"
#include "admin/ctl/terminal.h"
#include "privsep/base/visible.h"

namespace mcpbox::ctl {
namespace {

using base::visible;

Exit set_password(const Options& options) {
  const std::string& name = options.words[2];
  Answer<Connection> monitor = Connection::open(socket_path(options));
  if (!monitor) return report(monitor.error());
  if (monitor->daemon_uid() != 0 && monitor->daemon_uid() != ::geteuid()) {
    complain("the control socket was made by another user, so no password is sent to it");
    return Exit::kNotPermitted;
  }
  if (const std::optional<Exit> no = become_decider(*monitor)) return *no;
  std::expected<std::string, std::string> password = new_password();
  if (!password) {
    complain(password.error());
    return Exit::kRefused;
  }
  protocol::SetPassword request{.admin = name, .password = *password};
  wipe(*password);
  const Answer<protocol::Done> done = monitor->ask(request);
  wipe(request.password);
  if (!done) return report(done.error());
  print(options.json ? json_text(Object().text("admin", name).take().get())
                     : "The password of " + visible(name) + " is set.\n");
  return Exit::kOk;
}

std::string admins_text(const json_t* answer, std::size_t width) {
  Columns table({"ADMIN", "SINCE", "PASSWORD SET"});
  const json_t* rows = rows_of(answer);
  for (std::size_t i = 0; i < json_array_size(rows); ++i) {
    const json_t* row = json_array_get(rows, i);
    table.row({cell_of(row, "username"), cell_of(row, "created_at"), cell_of(row, "updated_at")});
  }
  if (table.empty())
    return "No admin: `mcpboxctl setup-code` lets one in, `mcpboxctl admin set-password` makes one.\n";
  return table.text(width);
}

Exit list(const Options& options) {
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  protocol::AdminRead question{.query = protocol::AdminQuery::kAdmins, .page_size = policy::limits::kAdmins};
  return show_rows(options, monitor->ask(question), admins_text);
}

Exit remove_admin(const Options& options) {
  protocol::RemoveAdmin order{.admin = options.words[2]};
  return give_order(
      options, order, Object().text("removed", options.words[2]),
      visible(options.words[2]) + " is no admin any more; every session of this name has ended.\n");
}

std::string sessions_text(const protocol::SessionPage& page, std::size_t width) {
  Columns table({"SESSION", "ADMIN", "SINCE", "LAST USED", "FROM", "CLIENT"});
  for (const protocol::SessionInfo& session : page.sessions)
    table.row({uuid_text(session.id), session.admin, time_text(session.created_at_ms),
               time_text(session.used_at_ms), session.address, session.client});
  return table.empty() ? "Nobody is signed in.\n" : table.text(width);
}

Json sessions_json(const protocol::SessionPage& page) {
  Json items(json_array());
  for (const protocol::SessionInfo& session : page.sessions)
    json_array_append_new(items.get(), Object()
                                           .text("id", uuid_text(session.id))
                                           .text("admin", session.admin)
                                           .text("created_at", time_text(session.created_at_ms))
                                           .text("used_at", time_text(session.used_at_ms))
                                           .text("expires_at", time_text(session.expires_at_ms))
                                           .text("address", session.address)
                                           .text("client", session.client)
                                           .take()
                                           .release());
  return Object().member("items", std::move(items)).number("total", page.sessions.size()).take();
}

Exit sessions(const Options& options) {
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  protocol::ListSessions question;
  const Answer<protocol::SessionPage> page = monitor->ask(question);
  if (!page) return report(page.error());
  print(options.json ? json_text(sessions_json(*page).get()) : sessions_text(*page, output_width()));
  return Exit::kOk;
}

Exit end_session(const Options& options) {
  const std::optional<wire::Id> session = uuid_from(options.words[2]);
  if (!session) {
    complain("use: mcpboxctl admin end-session ID, as `mcpboxctl admin sessions` shows it");
    return Exit::kUsage;
  }
  protocol::EndSession order{.session = *session};
  return give_order(options, order, Object().text("ended", uuid_text(*session)), "The session has ended.\n");
}

}  // namespace

Exit admin(const Options& options) {
  const std::string& verb = options.words[1];
  const bool named = options.words.size() == 3;
  if (verb == "list" && !named) return list(options);
  if (verb == "sessions" && !named) return sessions(options);
  if (verb == "set-password" && named) return set_password(options);
  if (verb == "remove" && named) return remove_admin(options);
  if (verb == "end-session" && named) return end_session(options);
  complain("use: mcpboxctl admin list|sessions, admin set-password|remove NAME, or admin end-session ID");
  return Exit::kUsage;
}

}  // namespace mcpbox::ctl
