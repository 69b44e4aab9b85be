// Runs in the gateways.  A caller names secrets; their values come from a person and pass no gateway.
// Contract 2.2: create_server_secret, list_server_secrets.
#include "gateway/manage_grants.h"
#include "privsep/http/ids.h"

namespace mcpbox::gateway {
namespace {

using protocol::SecretBinding;
using protocol::SecretInfo;
using protocol::SecretMode;
namespace limits = policy::limits;

std::string no_server(const ManageCall& c) {
  return "Server " + std::string(c.arguments.text("server_id")) +
         " not found. Call mcpbox_list_servers for the ids";
}

// The proposal as the caller gave it, or what is wrong with it.
std::string take_proposal(const Arguments& a, SecretBinding& proposed) {
  const std::string_view mode = a.text("mode");
  if (a.has("mode") && mode != "sealed" && mode != "exposed")
    return "Invalid mode: must be sealed or exposed. Leave it out for sealed";
  proposed.mode = mode == "exposed" ? SecretMode::kExposed : SecretMode::kSealed;
  if (a.has("place")) {
    std::string names;
    bool known = false;
    for (const policy::SecretPlaceRow& row : policy::kSecretPlaces) {
      names += (names.empty() ? "" : ", ") + std::string(row.name);
      if (row.name != a.text("place")) continue;
      proposed.place = row.place;
      known = true;
    }
    if (!known) return "Invalid place: must be one of " + names + ". Leave it out for header";
  }
  proposed.host = a.text("host");
  proposed.port = static_cast<std::uint16_t>(a.number("port", 443));
  proposed.name = a.text("place_name");
  proposed.form = a.text("template");
  return {};
}

Json shown(const SecretInfo& secret) {
  const SecretBinding& bound = secret.binding;
  Object out;
  out.text("key", secret.key).text("description", secret.description).boolean("has_value", secret.has_value);
  out.text("mode", protocol::name_of(bound.mode));
  if (bound.mode == SecretMode::kSealed && !bound.host.empty()) {
    out.text("host", bound.host).number("port", bound.port).text("place", policy::row_of(bound.place).name);
    if (!bound.name.empty()) out.text("place_name", bound.name);
    if (!bound.form.empty()) out.text("template", bound.form);
  }
  return out.text("created_by", secret.created_by).take();
}

}  // namespace

Task<Managed> on_create_server_secret(const ManageCall& c) {
  protocol::CreateSecret order{.ticket = c.call.in.ticket, .server = c.arguments.id("server_id")};
  order.key = c.arguments.text("key");
  order.description = c.arguments.text("description");
  const std::string problem = take_proposal(c.arguments, order.proposed);
  if (!problem.empty()) co_return Managed{.problem = problem};
  const base::Result<SecretInfo> made = co_await attempt(c.call.g.monitor->ask(order));
  if (!made) co_return failed(made.error(), no_server(c));
  Object out;
  out.boolean("success", true).text("server_id", c.arguments.text("server_id")).text("key", made->key);
  out.text("description", made->description).boolean("has_value", false);
  out.text("message", "Secret " + made->key +
                          " has a name and no value yet. Ask the user to give it its value, for example with "
                          "`mcpboxctl secret set SERVER " +
                          made->key + "`; never ask for the value itself. Code reads it as secrets[\"" +
                          made->key + "\"]; mcpbox_list_server_secrets shows when it has one.");
  co_return Managed{.structured = out.take()};
}

Task<Managed> on_list_server_secrets(const ManageCall& c) {
  protocol::ListSecrets question{.ticket = c.call.in.ticket, .server = c.arguments.id("server_id")};
  question.page = c.arguments.number("page", 1);
  question.page_size = c.arguments.number("page_size", limits::kPageDefault);
  const base::Result<protocol::SecretPage> page = co_await attempt(c.call.g.monitor->ask(question));
  if (!page) co_return failed(page.error(), no_server(c));
  Json list(json_array());
  for (const SecretInfo& secret : page->secrets) json_array_append_new(list.get(), shown(secret).release());
  Object out;
  out.text("server_id", text_of(page->server)).text("server_name", page->server_name);
  out.json("secrets", std::move(list)).number("total", page->total).number("page", question.page);
  out.number("page_size", question.page_size);
  out.number("pages", (page->total + question.page_size - 1) / question.page_size);
  co_return Managed{.structured = out.take()};
}

}  // namespace mcpbox::gateway
