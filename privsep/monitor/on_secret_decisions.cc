// Runs in the monitor: what a person does with secrets.  A value comes in and is closed; it is in no answer,
// no record and no log.
#include <sodium.h>

#include "privsep/monitor/ids.h"
#include "privsep/monitor/monitor.h"
#include "privsep/monitor/secret_rules.h"
#include "privsep/monitor/server_words.h"
#include "privsep/monitor/sql_authority.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {

using base::Why;
using p::SecretMode;
namespace limits = policy::limits;

namespace {

constexpr base::Error kNoServer{Why::kNotFound, "there is no such server"};
constexpr base::Error kSaving{Why::kConflict, "another change of this secret is being saved"};

struct Wiped {
  std::string& text;
  explicit Wiped(std::string& t) : text(t) {}
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;
  ~Wiped() { sodium_memzero(text.data(), text.size()); }
};

// While it lives, other changes of the secret are refused.
class SecretMark {
 public:
  SecretMark(Secrets& secrets, const wire::Id& server, std::string key)
      : secrets_(secrets), server_(server), key_(std::move(key)) {
    set(true);
  }
  SecretMark(const SecretMark&) = delete;
  SecretMark& operator=(const SecretMark&) = delete;
  ~SecretMark() { set(false); }

 private:
  void set(bool saving) {
    if (StoredSecret* secret = secrets_.find(server_, key_)) secret->saving = saving;
  }
  Secrets& secrets_;
  wire::Id server_;
  std::string key_;
};

// A person's own words, or what stands there already.  What a language model proposed counts only where it
// can do no harm: a person says "exposed", and places that publish, themselves.
base::Result<p::SecretBinding> binding_for(const StoredSecret* before, const p::SetSecret& q) {
  if (q.binding) return *q.binding;
  if (before == nullptr)
    return base::fail(Why::kInvalid, "a new secret needs its host, or to be exposed by your own word");
  const p::SecretBinding& bound = before->binding;
  const bool harmless = bound.mode == SecretMode::kSealed && !policy::row_of(bound.place).careful;
  if (before->has_value() || harmless) return bound;
  return base::fail(
      Why::kInvalid,
      "the secret was proposed as exposed, or for a place where its value can become public: say so "
      "yourself if you want it");
}

}  // namespace

Answer<p::SecretPage> on_review_secrets(Monitor& m, Peer& /*asker*/, p::ReviewSecrets q) {
  const Server* server = server_by(m.catalogue, q.server);
  if (server == nullptr) co_return std::unexpected(kNoServer);
  base::Result<p::SecretPage> page = secret_page(m, server->id, q.page, q.page_size);
  co_return page;
}

Answer<p::SecretInfo> on_set_secret(Monitor& m, Peer& asker, p::SetSecret q) {
  const Wiped wiped(q.value);
  const Server* server = server_by(m.catalogue, q.server);
  if (server == nullptr) co_return std::unexpected(kNoServer);
  if (!policy::is_secret_key(q.key))
    co_return base::fail(Why::kInvalid,
                         "a key is made of A to Z, digits and underscores, and begins with a letter");
  if (!policy::is_secret_value(q.value))
    co_return base::fail(
        Why::kInvalid,
        "a value has 1 to 10000 bytes and no control characters: a line break could end a header");
  const StoredSecret* before = m.secrets.find(server->id, q.key);
  if (before != nullptr && before->saving) co_return std::unexpected(kSaving);
  if (before == nullptr && m.secrets.of_server(server->id).size() >= limits::kSecretsPerServer)
    co_return base::fail(Why::kBusy, "the server has 100 secrets already: delete one first");
  base::Result<p::SecretBinding> binding = binding_for(before, q);
  if (!binding) co_return std::unexpected(binding.error());
  const base::Result<void> fits = complete_binding(*binding, Complete::kForValue);
  if (!fits) co_return std::unexpected(fits.error());
  StoredSecret next;
  if (before != nullptr) {
    next = *before;
  } else {
    next = {.id = random_id(), .server = server->id, .key = q.key, .created_by = asker.person.who};
  }
  next.binding = std::move(*binding);
  next.set_by = asker.person.who;
  next.set_at_ms = m.clock.now_ms();
  next.stored = m.keys.close_value(q.value, aad_of(next));
  const SecretMark mark(m.secrets, next.server, next.key);
  const StoredSecret saved = co_await save_secret(m, asker.person.who, "set_secret", std::move(next));
  m.log.info("secret set", {{"key", saved.key}, {"by", saved.set_by}});
  co_return info_of(saved);
}

Answer<p::Done> on_delete_secret(Monitor& m, Peer& asker, p::DeleteSecret q) {
  const Server* server = server_by(m.catalogue, q.server);
  if (server == nullptr) co_return std::unexpected(kNoServer);
  const StoredSecret* secret = m.secrets.find(server->id, q.key);
  if (secret == nullptr) co_return base::fail(Why::kNotFound, "the server has no secret of this key");
  if (secret->saving) co_return std::unexpected(kSaving);
  const wire::Id id = secret->id;
  m.secrets.erase(server->id, q.key);
  for (const auto& [tool_id, tool] : m.catalogue.tools())
    if (tool.server == server->id) m.calls.kill_calls_of_tool(tool_id);
  AuditRecord record{.kind = AuditKind::kDecision,
                     .actor = asker.person.who,
                     .action = "delete_secret",
                     .subject = id,
                     .payload = q.key + " of " + server->name};
  const Store::MakeRows rows = [id](std::uint64_t /*sequence*/) {
    return std::vector<Statement>{{.sql = &sql::kDeleteSecret, .params = {Param::uuid(id)}}};
  };
  const std::uint64_t sequence = co_await m.store.commit(std::move(record), rows);
  static_cast<void>(sequence);
  m.log.info("secret deleted", {{"key", std::string_view(q.key)}, {"by", asker.person.who}});
  co_return p::Done{};
}

}  // namespace mcpbox::monitor
