// Who may come through the tunnel, and whether a request is theirs.  The gateway of the tunnel is believed
// nothing: what it sends is fields, and only a signature of the Worker's over exactly these fields, this body
// and this moment makes them somebody's request, once.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "privsep/base/clock.h"
#include "privsep/monitor/tickets.h"
#include "privsep/protocol/messages_remote.h"

namespace mcpbox::monitor {

struct RemoteConfig {
  std::string issuer;
  std::string audience;  // of this installation; made once, kept
  protocol::RemoteKeys keys;
  wire::Digest token{};  // SHA-256 of the service token
  protocol::RemotePolicy policy = protocol::RemotePolicy::kEmails;
  protocol::RemoteEntries entries;

  [[nodiscard]] bool on() const { return !keys.empty() && !issuer.empty(); }
};

// The row that holds it: one line a field, as stored under a seal.  Nothing for any other text.
[[nodiscard]] std::string text_of(const RemoteConfig& config);
[[nodiscard]] std::optional<RemoteConfig> remote_config_of(std::string_view text);
// What an administrator may not set, or nothing.
[[nodiscard]] const char* problem_of(const RemoteConfig& config);

inline constexpr const char* kRemoteSetting = "remote_access";  // its key in the table of settings
inline constexpr const char* kRemoteAction = "set_remote";
inline constexpr const char* kAdmittedAction = "remote_admitted";

[[nodiscard]] wire::Digest sha256_of(std::string_view bytes);

class RemoteAccess {
 public:
  explicit RemoteAccess(const base::Clock& clock) : clock_(clock) {}

  [[nodiscard]] const RemoteConfig& config() const { return config_; }
  void set(RemoteConfig config) { config_ = std::move(config); }

  // The principal behind a request, whose ticket is good for this one request.  The nonce is spent from here
  // on.  The error says for our log what was wrong; the gateway is told nothing of it.
  [[nodiscard]] base::Result<Principal> admit(const protocol::AuthenticateRemote& q);

  // A nonce that an earlier run of this process admitted.
  void spent_before(const std::array<unsigned char, 16>& nonce, std::int64_t issued_at);

 private:
  [[nodiscard]] base::Result<void> check_signature(const protocol::AuthenticateRemote& q) const;
  [[nodiscard]] base::Result<void> check_time(const protocol::AuthenticateRemote& q) const;
  [[nodiscard]] bool let_in(std::string_view email) const;
  base::Result<void> spend(const protocol::AuthenticateRemote& q);
  [[nodiscard]] std::int64_t now() const { return clock_.now_ms() / 1000; }

  using Nonce = std::array<unsigned char, 16>;
  struct Spent {
    std::int64_t until = 0;
    Nonce nonce{};
  };
  const base::Clock& clock_;
  RemoteConfig config_;
  std::set<Nonce> nonces_;
  std::deque<Spent> by_age_;
};

}  // namespace mcpbox::monitor
