// Runs in the monitor: what a caller may do with secrets, which is to name them.
#include <expected>
#include <string>
#include <utility>

#include "privsep/monitor/ids.h"
#include "privsep/monitor/monitor.h"
#include "privsep/monitor/seals.h"
#include "privsep/monitor/secret_rules.h"
#include "privsep/monitor/sql_authority.h"
#include "privsep/monitor/sql_keys.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {

using base::Why;
using p::SecretMode;
using policy::SecretPlace;
namespace limits = policy::limits;

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

base::Result<void> complete_place(p::SecretBinding& binding) {
  const policy::SecretPlaceRow& row = policy::row_of(binding.place);
  const bool header = binding.place == SecretPlace::kHeader;
  if (header && binding.name.empty()) binding.name = "Authorization";
  if (header && binding.form.empty()) binding.form = "Bearer {}";
  if (row.named && !policy::is_place_name(binding.name))
    return base::fail(Why::kInvalid,
                      "place_name must be the name of a header, parameter or field: letters, digits and "
                      "hyphens, without spaces");
  if (!row.named && !binding.name.empty())
    return base::fail(Why::kInvalid,
                      "place_name must be empty for this place: only header, query, json and form have one");
  if (header && !policy::is_header_for_secrets(lower(binding.name)))
    return base::fail(Why::kInvalid,
                      "place_name is a header that says where a request goes or how it is framed: choose "
                      "another");
  const bool formed = header || binding.place == SecretPlace::kBasic;
  if (formed && !policy::is_secret_form(binding.form))
    return base::fail(Why::kInvalid,
                      "template must contain {} exactly once, for the secret, and nothing but visible ASCII "
                      "around it, such as Bearer {} or USER:{}");
  if (!formed && !binding.form.empty())
    return base::fail(Why::kInvalid, "template must be empty for this place: only header and basic have one");
  return {};
}

Statement put_statement(const Keys& keys, const StoredSecret& secret) {
  const p::SecretBinding& bound = secret.binding;
  return {
      .sql = &sql::kPutSecret,
      .params = {Param::uuid(secret.id), Param::uuid(secret.server), Param::text(secret.key),
                 Param::text(secret.description), Param::text(p::name_of(bound.mode)),
                 Param::text(bound.host), Param::integer(bound.port),
                 Param::text(policy::row_of(bound.place).name), Param::text(bound.name),
                 Param::text(bound.form), secret.has_value() ? Param::raw(secret.stored) : Param::null(),
                 Param::text(secret.created_by), Param::text(secret.set_by), Param::integer(secret.set_at_ms),
                 Param::integer(static_cast<std::int64_t>(secret.sequence)),
                 Param::digest(seal_of_secret(keys, secret))}};
}

// For the record: where it may go, never what it is.
std::string text_of(const Monitor& m, const StoredSecret& secret) {
  const p::SecretBinding& bound = secret.binding;
  std::string text = secret.key;
  if (const auto server = m.catalogue.servers().find(secret.server); server != m.catalogue.servers().end())
    text += " of " + server->second.name;
  text += ", " + std::string(p::name_of(bound.mode));
  if (bound.mode == SecretMode::kExposed || bound.host.empty()) return text;
  text += ", " + bound.host + ":" + std::to_string(bound.port) + ", " +
          std::string(policy::row_of(bound.place).name);
  return bound.name.empty() ? text : text + " " + bound.name;
}

}  // namespace

base::Result<void> complete_binding(p::SecretBinding& binding, Complete complete) {
  if (binding.mode == SecretMode::kExposed) {
    binding = {.mode = SecretMode::kExposed};
    return {};
  }
  if (binding.host.empty() && complete == Complete::kForValue)
    return base::fail(Why::kInvalid, "host is missing: a sealed secret needs the one that it may go to");
  if (!binding.host.empty()) {
    std::expected<std::string, const char*> host =
        policy::host_name(binding.host, policy::HostAuthor::kCaller);
    if (!host) return base::fail(Why::kInvalid, host.error());
    binding.host = std::move(*host);
  }
  if (binding.port == 0)
    return base::fail(Why::kInvalid, "port must be 1 to 65535: a secret goes to one port");
  return complete_place(binding);
}

p::SecretInfo info_of(const StoredSecret& secret) {
  return {.id = secret.id,
          .key = std::string_view(secret.key),
          .description = std::string_view(secret.description),
          .has_value = secret.has_value(),
          .binding = secret.binding,
          .created_by = std::string_view(secret.created_by),
          .set_by = std::string_view(secret.set_by),
          .set_at_ms = secret.set_at_ms};
}

base::Result<p::SecretPage> secret_page(const Monitor& m, const wire::Id& server, std::uint32_t page,
                                        std::uint32_t page_size) {
  if (page == 0 || page_size == 0 || page_size > limits::kPageMax)
    return base::fail(Why::kInvalid, "page begins at 1 and page_size is 1 to 100");
  const auto found = m.catalogue.servers().find(server);
  if (found == m.catalogue.servers().end())
    return base::fail(Why::kNotFound, "no server with this server_id: see mcpbox_list_servers");
  const std::vector<const StoredSecret*> all = m.secrets.of_server(server);
  p::SecretPage out{.server = server, .server_name = std::string_view(found->second.name)};
  out.total = static_cast<std::uint32_t>(all.size());
  const std::uint64_t first = std::uint64_t{page - 1} * page_size;
  for (std::uint64_t i = first; i < all.size() && i < first + page_size; ++i)
    out.secrets.push_back(info_of(*all[i]));
  return out;
}

loop::Task<StoredSecret> save_secret(Monitor& m, std::string who, const char* action, StoredSecret next) {
  const bool decides = next.has_value();
  AuditRecord record{.kind = decides ? AuditKind::kDecision : AuditKind::kConfiguration,
                     .actor = std::move(who),
                     .action = action,
                     .subject = next.id,
                     .payload = text_of(m, next)};
  const Store::MakeRows rows = [&m, &next](std::uint64_t sequence) {
    next.sequence = sequence;
    // Closed before the master key was replaced: the caller is told to read again what it was based on.
    if (!m.keys.closed(next.stored))
      return std::vector<Statement>{{.sql = &sql::kChangedMeanwhile, .params = {}}};
    return std::vector<Statement>{put_statement(m.keys, next)};
  };
  const std::uint64_t sequence = co_await m.store.commit(std::move(record), rows);
  next.sequence = sequence;
  if (m.catalogue.find_server(next.server) == nullptr)
    co_return base::fail(Why::kNotFound, "the server was deleted meanwhile");
  m.secrets.put(next);
  co_return next;
}

Answer<p::SecretInfo> on_create_secret(Monitor& m, Peer& asker, p::CreateSecret q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  if (m.catalogue.find_server(q.server) == nullptr)
    co_return base::fail(Why::kNotFound, "no server with this server_id: see mcpbox_list_servers");
  if (!policy::is_secret_key(q.key))
    co_return base::fail(
        Why::kInvalid,
        "key must begin with a letter A to Z, then letters A to Z, digits and underscores, at most 64 "
        "characters: choose one such as API_KEY");
  if (m.secrets.find(q.server, q.key) != nullptr)
    co_return base::fail(
        Why::kConflict,
        "the server has a secret of this key already: see mcpbox_list_server_secrets, and use it "
        "or choose another key");
  if (m.secrets.of_server(q.server).size() >= limits::kSecretsPerServer)
    co_return base::fail(Why::kBusy,

                         "the server with this server_id has 100 secrets already: an administrator must "
                         "delete one first");
  const base::Result<void> fits = complete_binding(q.proposed, Complete::kProposal);
  if (!fits) co_return std::unexpected(fits.error());
  StoredSecret next{.id = random_id(), .server = q.server, .key = q.key, .description = q.description};
  next.binding = q.proposed;
  next.created_by = caller->who;
  const StoredSecret saved = co_await save_secret(m, caller->who, "create_secret", std::move(next));
  co_return info_of(saved);
}

Answer<p::SecretPage> on_list_secrets(Monitor& m, Peer& asker, p::ListSecrets q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  base::Result<p::SecretPage> page = secret_page(m, q.server, q.page, q.page_size);
  co_return page;
}

}  // namespace mcpbox::monitor
