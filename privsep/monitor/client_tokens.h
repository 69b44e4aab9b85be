// Tokens for clients whom the kernel cannot name.  A token is known to its holder alone; here and in the
// sealed row is its hash.  Memory is the truth: revoking acts before its commit.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "privsep/monitor/keys.h"

namespace mcpbox::monitor {

struct ClientToken {
  std::string name;
  wire::Digest hash{};
  std::string created_by;
  std::int64_t created_at_ms = 0;
  std::int64_t used_at_ms = 0;  // not stored
};

class ClientTokens {
 public:
  // The token's owner, or null.  The comparison is of hashes, so its time tells nothing about a token.
  ClientToken* with(std::string_view token);
  [[nodiscard]] const ClientToken* find(const std::string& name) const;
  [[nodiscard]] const std::map<std::string, ClientToken>& all() const { return tokens_; }
  void put(ClientToken token);
  bool erase(const std::string& name) { return tokens_.erase(name) > 0; }

  [[nodiscard]] static std::string fresh();
  [[nodiscard]] static wire::Digest hash_of(std::string_view token);
  // How logs and audit name its holder.
  [[nodiscard]] static std::string caller(std::string_view name) { return "client:" + std::string(name); }

 private:
  std::map<std::string, ClientToken> tokens_;
};

// The subject of a token's audit records, and what its row's seal covers.
[[nodiscard]] wire::Id subject_of_client(std::string_view name);
[[nodiscard]] wire::Digest seal_of_client(const Keys& keys, const ClientToken& token, std::uint64_t sequence);

inline constexpr const char* kRevokeClientAction = "revoke_client_token";

}  // namespace mcpbox::monitor
