// Runs in the monitor.  Values pass through here closed.
#include "privsep/monitor/secrets.h"

#include "privsep/monitor/ids.h"

namespace mcpbox::monitor {

std::string aad_of(const StoredSecret& secret) {
  const protocol::SecretBinding& bound = secret.binding;
  const wire::Digest digest = digest_of(
      {"mcpbox-secret-v1", view_of(secret.server), secret.key, protocol::name_of(bound.mode), bound.host,
       std::to_string(bound.port), policy::row_of(bound.place).name, bound.name, bound.form});
  return std::string(view_of(digest));
}

StoredSecret* Secrets::find(const wire::Id& server, std::string_view key) {
  const auto keys = servers_.find(server);
  if (keys == servers_.end()) return nullptr;
  const auto found = keys->second.find(key);
  return found == keys->second.end() ? nullptr : &found->second;
}

const StoredSecret* Secrets::find(const wire::Id& id) const {
  for (const auto& [server, keys] : servers_)
    for (const auto& [key, secret] : keys)
      if (secret.id == id) return &secret;
  return nullptr;
}

void Secrets::put(StoredSecret secret) {
  std::string key = secret.key;
  servers_[secret.server].insert_or_assign(std::move(key), std::move(secret));
}

void Secrets::erase(const wire::Id& server, std::string_view key) {
  const auto keys = servers_.find(server);
  if (keys == servers_.end()) return;
  if (const auto found = keys->second.find(key); found != keys->second.end()) keys->second.erase(found);
}

void Secrets::forget_server(const wire::Id& server) { servers_.erase(server); }

std::vector<const StoredSecret*> Secrets::of_server(const wire::Id& server) const {
  std::vector<const StoredSecret*> all;
  const auto keys = servers_.find(server);
  if (keys == servers_.end()) return all;
  for (const auto& [key, secret] : keys->second) all.push_back(&secret);
  return all;
}

base::Result<Plain> value_of(const Keys& keys, const StoredSecret& secret) {
  if (!secret.has_value()) return base::fail(base::Why::kNotFound, "the secret has no value yet");
  return keys.open_value(secret.stored, aad_of(secret));
}

}  // namespace mcpbox::monitor
