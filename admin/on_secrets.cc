// Runs in admin: secrets of a server.  A value passes through here on its way in, and never out.
#include <cstring>

#include "admin/reads.h"
#include "admin/routes.h"
#include "admin/shapes.h"
#include "privsep/http/ids.h"
#include "privsep/protocol/messages_secrets.h"

namespace mcpbox::admin {
namespace {

namespace limits = policy::limits;

Json secret_json(const protocol::SecretInfo& secret) {
  Object one;
  const protocol::SecretBinding& bound = secret.binding;
  one.text("id", text_of(secret.id)).text("key_name", secret.key).text("description", secret.description);
  one.boolean("has_value", secret.has_value).text("mode", protocol::name_of(bound.mode));
  text_or_null(one, "host", bound.host);
  one.number("port", bound.port).text("place", policy::row_of(bound.place).name);
  text_or_null(one, "name", bound.name);
  text_or_null(one, "template", bound.form);
  text_or_null(one, "created_by", secret.created_by);
  text_or_null(one, "set_by", secret.set_by);
  time_or_null(one, "set_at", secret.set_at_ms);
  return one.take();
}

// The members of a binding; absent when the body names none of them.
std::optional<protocol::SecretBinding> binding_in(Fields& fields) {
  constexpr const char* kMembers[] = {"mode", "host", "port", "place", "name", "template"};
  bool any = false;
  for (const char* member : kMembers) any = any || fields.has(member);
  if (!any) return std::nullopt;
  protocol::SecretBinding binding;
  if (fields.has("mode") && fields.word("mode", {"sealed", "exposed"}) == "exposed")
    binding.mode = protocol::SecretMode::kExposed;
  binding.host = fields.optional_text("host", 0, limits::kHostBytes).value_or("");
  binding.port = static_cast<std::uint16_t>(fields.optional_number("port", 1, 65535).value_or(443));
  if (fields.has("place")) {
    const std::string place = fields.word("place", {"header", "basic", "query", "path", "json", "form"});
    for (const policy::SecretPlaceRow& row : policy::kSecretPlaces)
      if (row.name == place) binding.place = row.place;
  }
  binding.name = fields.optional_text("name", 0, limits::kSecretPlaceBytes).value_or("");
  binding.form = fields.optional_text("template", 0, limits::kSecretFormBytes).value_or("");
  return binding;
}

void check_key(Fields& fields, std::string_view key) {
  if (!policy::is_secret_key(key))
    fields.wrong("key_name", "A to Z, digits and underscores; begins with a letter");
}

}  // namespace

Task<Answered> on_list_secrets(Admin& a, const Incoming& in) {
  const std::optional<wire::Id> server = path_id(in);
  const std::optional<Page> page = page_of(in.query, limits::kPageMax);
  if (!page) co_return page_problem();
  if (!server) co_return no_such("server");
  protocol::ReviewSecrets question{
      .server = server_words(*server), .page = page->page, .page_size = page->size};
  const protocol::SecretPage found = co_await ask_as(a, in, question);
  Json items(json_array());
  for (const protocol::SecretInfo& secret : found.secrets) append(items, secret_json(secret));
  co_return json_answer(page_json(std::move(items), found.total, *page));
}

Task<Answered> on_create_secret(Admin& a, const Incoming& in) {
  const std::optional<wire::Id> server = path_id(in);
  if (!server) co_return no_such("server");
  Fields fields(in.body.get(),
                {"key_name", "description", "mode", "host", "port", "place", "name", "template"});
  protocol::CreateSecret question{.server = *server};
  question.key = fields.text("key_name", 1, limits::kSecretKeyBytes);
  check_key(fields, question.key);
  question.description = fields.optional_text("description", 0, limits::kDescriptionChars).value_or("");
  if (std::optional<protocol::SecretBinding> binding = binding_in(fields)) question.proposed = *binding;
  if (!fields.good()) co_return fields.refusal();
  const protocol::SecretInfo made = co_await ask_as(a, in, question);
  co_return json_answer(secret_json(made), 201);
}

Task<Answered> on_set_secret(Admin& a, const Incoming& in) {
  const std::optional<wire::Id> server = path_id(in);
  if (!server) co_return no_such("server");
  Fields fields(in.body.get(), {"value", "mode", "host", "port", "place", "name", "template"});
  protocol::SetSecret question{.server = server_words(*server)};
  if (!policy::is_secret_key(in.path[1])) co_return no_such("secret");
  question.key = std::string_view(in.path[1]);
  question.value = fields.text("value", 1, limits::kSecretValueBytes);
  if (std::optional<protocol::SecretBinding> binding = binding_in(fields)) question.binding = *binding;
  if (!fields.good()) co_return fields.refusal();
  const base::Result<protocol::SecretInfo> set = co_await attempt(ask_as(a, in, question));
  ::explicit_bzero(question.value.data(), question.value.size());
  if (!set) co_return std::unexpected(set.error());
  co_return json_answer(secret_json(*set));
}

Task<Answered> on_delete_secret(Admin& a, const Incoming& in) {
  const std::optional<wire::Id> server = path_id(in);
  if (!server) co_return no_such("server");
  if (!policy::is_secret_key(in.path[1])) co_return no_such("secret");
  protocol::DeleteSecret question{.server = server_words(*server), .key = std::string_view(in.path[1])};
  const protocol::Done done = co_await ask_as(a, in, question);
  static_cast<void>(done);
  co_return no_content();
}

}  // namespace mcpbox::admin
