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

// The name that the server has now.
Task<std::string> name_of_server(Admin& a, const Incoming& in, wire::Id id) {
  protocol::AdminRead question{.query = protocol::AdminQuery::kServer, .subject = id};
  const protocol::JsonText found = co_await ask_as(a, in, question);
  const Json server = parse_object(found.json);
  co_return std::string(http::text_of(json_object_get(server.get(), "name")));
}

}  // namespace

// Any subset of what a server has.
Task<Answered> on_change_server(Admin& a, const Incoming& in) {
  const std::optional<wire::Id> id = path_id(in);
  if (!id) co_return no_such("server");
  Fields fields(in.body.get(), {"name", "description", "default_timeout_ms"});
  protocol::ChangeServer question;
  if (const auto name = fields.optional_text("name", 1, limits::kNameBytes)) question.name.emplace(*name);
  if (const auto words = fields.optional_text("description", 0, limits::kDescriptionChars))
    question.description.emplace(*words);
  if (const auto ms =
          fields.optional_number("default_timeout_ms", limits::kTimeoutMinMs, limits::kTimeoutMaxMs))
    question.default_timeout_ms = static_cast<std::uint32_t>(*ms);
  if (!fields.good()) co_return fields.refusal();
  const std::string name = co_await name_of_server(a, in, *id);
  question.server = name;
  const protocol::ServerInfo changed = co_await ask_as(a, in, question);
  if (changed.id != *id)
    co_return problem(409, "The server was renamed at this moment: look at the servers again.");
  protocol::AdminRead shown{.query = protocol::AdminQuery::kServer, .subject = *id};
  Answered answer = co_await read(a, in, std::move(shown));
  co_return answer;
}

Task<Answered> on_delete_server(Admin& a, const Incoming& in) {
  const std::optional<wire::Id> id = path_id(in);
  if (!id) co_return no_such("server");
  protocol::DeleteServer question{.server = *id};
  const protocol::ServerInfo gone = co_await ask_as(a, in, question);
  static_cast<void>(gone);
  co_return Response{.status = 204};
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
