// Runs in admin: how the installation is, and the switch that stops everything.
#include "admin/fields.h"
#include "admin/routes.h"
#include "policy/layers.h"
#include "privsep/protocol/messages_ctl.h"

namespace mcpbox::admin {
namespace {

namespace limits = policy::limits;

void append(const Json& array, std::string_view text) {
  json_array_append_new(array.get(), json_stringn(text.data(), text.size()));
}

Json layer_names(policy::Layers layers) {
  Json names(json_array());
  for (const policy::LayerName& row : policy::kLayerNames)
    if (contains(layers, row.layer)) append(names, row.name);
  for (const policy::BetterForm& row : policy::kBetterForms)
    if (contains(layers, row.form)) append(names, row.name);
  return names;
}

template <class List>
Json texts(const List& list) {
  Json array(json_array());
  for (const auto& text : list) append(array, text);
  return array;
}

Json process_json(const protocol::ProcessStatus& process) {
  Object one;
  one.text("role", process.role).number("pid", process.pid).boolean("serving", process.serving);
  one.number("restarts", process.restarts).json("layers", layer_names(process.layers));
  return one.json("missing", layer_names(process.missing)).take();
}

// Every layer with what its absence would let a stolen process do, for whoever reads a list of names.
Json layers_explained() {
  Json all(json_array());
  for (const policy::LayerName& row : policy::kLayerNames) {
    Object one;
    one.text("name", row.name).text("stops", row.stops);
    json_array_append_new(all.get(), one.take().release());
  }
  return all;
}

Json status_json(const protocol::Status& status) {
  Object body;
  body.text("version", status.version).boolean("trial", status.trial);
  body.json("missing_allowed", layer_names(status.missing_allowed));
  body.boolean("frozen", status.frozen).text("freeze_reason", status.freeze_reason);
  body.boolean("database_up", status.database_up).text("database", status.database);
  body.number("audit_records", static_cast<std::int64_t>(status.audit_records));
  body.number("calls_in_flight", status.calls_in_flight).number("calls_queued", status.calls_queued);
  body.number("cpu_slots", status.cpu_slots).number("cpu_slots_used", status.cpu_slots_used);
  body.number("calls_memory_bytes", static_cast<std::int64_t>(status.calls_memory_bytes));
  body.number("calls_memory_used_bytes", static_cast<std::int64_t>(status.calls_memory_used_bytes));
  body.number("spares_ready", status.spares_ready).number("servers_running", status.servers_running);
  body.number("tools_published", status.tools_published).number("tools_pending", status.tools_pending);
  body.json("listeners", texts(status.listeners)).json("admin_listeners", texts(status.admin_listeners));
  Json processes(json_array());
  for (const protocol::ProcessStatus& process : status.processes)
    json_array_append_new(processes.get(), process_json(process).release());
  body.json("processes", std::move(processes)).json("layers", layers_explained());
  return body.json("warnings", texts(status.warnings)).text("self_attack", status.self_attack).take();
}

}  // namespace

Task<Answered> on_health(Admin& a, const Incoming& /*in*/) {
  protocol::GetAdminState question;
  const base::Result<protocol::AdminState> state = co_await attempt(a.monitor->ask(question));
  Object body;
  body.text("status", state ? "healthy" : "unhealthy").text("version", a.version);
  co_return json_answer(body.take(), state ? 200 : 503);
}

Task<Answered> on_config(Admin& a, const Incoming& /*in*/) {
  protocol::GetAdminState question;
  const protocol::AdminState state = co_await a.monitor->ask(question);
  Object body;
  body.text("app_name", "MCPbox").text("app_version", a.version).boolean("auth_required", true);
  body.boolean("setup_required", state.setup_required).boolean("may_decide", state.may_decide);
  co_return json_answer(body.take());
}

Task<Answered> on_status(Admin& a, const Incoming& in) {
  protocol::GetStatus question;
  const protocol::Status status = co_await ask_as(a, in, question);
  co_return json_answer(status_json(status));
}

Task<Answered> on_freeze(Admin& a, const Incoming& in) {
  Fields fields(in.body.get(), {"reason"});
  protocol::Freeze question{.reason = fields.optional_text("reason", 0, limits::kNotesChars).value_or("")};
  if (!fields.good()) co_return fields.refusal();
  const protocol::Done done = co_await ask_as(a, in, question);
  static_cast<void>(done);
  co_return no_content();
}

Task<Answered> on_thaw(Admin& a, const Incoming& in) {
  protocol::Thaw question;
  const protocol::Done done = co_await ask_as(a, in, question);
  static_cast<void>(done);
  co_return no_content();
}

}  // namespace mcpbox::admin
