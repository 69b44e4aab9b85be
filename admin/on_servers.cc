// Runs in admin: what is changed about servers.
#include "admin/reads.h"
#include "admin/routes.h"
#include "policy/names.h"
#include "privsep/http/ids.h"

namespace mcpbox::admin {

namespace limits = policy::limits;

Task<Answered> on_create_server(Admin& a, const Incoming& in) {
  Fields fields(in.body.get(), {"name", "description"});
  protocol::CreateServer question{
      .name = fields.text("name", 1, limits::kNameBytes),
      .description = fields.optional_text("description", 0, limits::kDescriptionChars).value_or("")};
  if (!fields.good()) co_return fields.refusal();
  const protocol::ServerInfo made = co_await ask_as(a, in, question);
  protocol::AdminRead shown{.query = protocol::AdminQuery::kServer, .subject = made.id};
  Answered answer = co_await read(a, in, std::move(shown), 201);
  co_return answer;
}

namespace {

Answered lifecycle(const protocol::ServerInfo& server, const char* status) {
  Object body;
  body.text("server_id", text_of(server.id)).text("status", status).number("registered_tools", server.tools);
  return json_answer(body.take());
}

}  // namespace

Task<Answered> on_start_server(Admin& a, const Incoming& in) {
  const std::optional<wire::Id> id = path_id(in);
  if (!id) co_return no_such("server");
  protocol::StartServer question{.server = *id};
  const protocol::ServerInfo server = co_await ask_as(a, in, question);
  co_return lifecycle(server, "running");
}

Task<Answered> on_stop_server(Admin& a, const Incoming& in) {
  const std::optional<wire::Id> id = path_id(in);
  if (!id) co_return no_such("server");
  protocol::StopServer question{.server = *id};
  const protocol::ServerInfo server = co_await ask_as(a, in, question);
  co_return lifecycle(server, "stopped");
}

}  // namespace mcpbox::admin
