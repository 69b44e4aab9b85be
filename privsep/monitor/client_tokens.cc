// Runs in the monitor.  Trusts no token: its hash must be known, each time that somebody shows one.
#include "privsep/monitor/client_tokens.h"

#include <utility>

#include "policy/client_tokens.h"
#include "privsep/monitor/ids.h"

namespace mcpbox::monitor {

ClientToken* ClientTokens::with(std::string_view token) {
  if (!token.starts_with(policy::kClientTokenPrefix)) return nullptr;
  const wire::Digest hash = hash_of(token);
  for (auto& [name, known] : tokens_)
    if (Keys::same(known.hash, hash)) return &known;
  return nullptr;
}

const ClientToken* ClientTokens::find(const std::string& name) const {
  const auto found = tokens_.find(name);
  return found == tokens_.end() ? nullptr : &found->second;
}

void ClientTokens::put(ClientToken token) {
  std::string name = token.name;
  tokens_[std::move(name)] = std::move(token);
}

// 256 random bits in visible ASCII.
std::string ClientTokens::fresh() {
  return std::string(policy::kClientTokenPrefix) + hex_of(random_id()) + hex_of(random_id());
}

wire::Digest ClientTokens::hash_of(std::string_view token) {
  return digest_of({"mcpbox-client-token-v1", token});
}

wire::Id subject_of_client(std::string_view name) {
  const wire::Digest digest = digest_of({"mcpbox-client-v1", name});
  return array_of<16>(view_of(digest).substr(0, 16)).value_or(wire::Id{});
}

wire::Digest seal_of_client(const Keys& keys, const ClientToken& token, std::uint64_t sequence) {
  return keys.seal("client_tokens", {token.name, view_of(token.hash), token.created_by,
                                     std::to_string(token.created_at_ms), std::to_string(sequence)});
}

}  // namespace mcpbox::monitor
