// Requests that the Worker signed, asked by a gateway of the tunnel that lies about everything.
#pragma once

#include <sodium.h>

#include "privsep/monitor/remote_access.h"
#include "privsep/protocol/remote.h"
#include "tests/privsep/monitor/fixture.h"

namespace mcpbox::monitor {

using protocol::AuthenticateRemote;
using protocol::Op;
using protocol::RemotePolicy;
using protocol::Role;
using protocol::State;

inline constexpr std::int64_t kNow = 1'790'000'000;
inline const std::string kIssuer = "https://mcpbox-proxy.home.workers.dev";
inline const std::string kAudience = "mcpbox:0f5c9d2e";
inline const std::string kToken(64, 't');
inline const std::string kBody =
    R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"srv__greet"}})";

struct KeyPair {
  explicit KeyPair(unsigned char seed) {
    std::array<unsigned char, crypto_sign_SEEDBYTES> bytes{};
    bytes.fill(seed);
    crypto_sign_seed_keypair(open.data(), secret.data(), bytes.data());
  }
  std::array<unsigned char, 32> open{};
  std::array<unsigned char, 64> secret{};
};

inline std::string text_of_request(const AuthenticateRemote& q) {
  const policy::Assertion a{.key_id = q.key_id,
                            .issuer = q.issuer,
                            .audience = q.audience,
                            .issued_at = q.issued_at,
                            .expires_at = q.expires_at,
                            .nonce = q.nonce,
                            .method = q.method,
                            .path = q.path,
                            .query = q.query,
                            .body = q.body_hash,
                            .rpc_method = q.rpc_method,
                            .rpc_name = q.rpc_name,
                            .subject = q.subject,
                            .email = q.email,
                            .client_id = q.client_id,
                            .scope = q.scope};
  return policy::text_of(a).value_or("cannot be signed");
}

inline void sign(AuthenticateRemote& q, const KeyPair& key) {
  const std::string text = text_of_request(q);
  crypto_sign_detached(q.signature.data(), nullptr, reinterpret_cast<const unsigned char*>(text.data()),
                       text.size(), key.secret.data());
}

class RemoteTest : public MonitorTest {
 public:
  RemoteTest() {
    clock.t = kNow * 1000;
    monitor.remote.set(config());
    approve_tool();
  }

  RemoteConfig config() const {
    RemoteConfig made{.issuer = kIssuer, .audience = kAudience};
    made.keys.push_back({.id = "k1", .key = worker.open});
    made.token = sha256_of(kToken);
    made.policy = RemotePolicy::kEmails;
    made.entries.push_back({.value = "Ada@example.org"});
    return made;
  }

  // What an honest gateway would ask for one tools/call.
  AuthenticateRemote request() {
    AuthenticateRemote q{.key_id = "k1", .issuer = kIssuer, .audience = kAudience};
    q.issued_at = kNow;
    q.expires_at = kNow + 60;
    q.nonce = random_bits();
    q.method = "POST";
    q.path = "/mcp";
    q.rpc_method = "tools/call";
    q.rpc_name = "srv__greet";
    q.subject = "person-1";
    q.email = "ada@example.org";
    q.client_id = "c0ffee";
    q.scope = "mcp";
    q.service_token = kToken;
    q.body = kBody;
    q.body_hash = sha256_of(kBody);
    sign(q, worker);
    return q;
  }
  AuthenticateRemote request_for(const char* method, const char* name) {
    AuthenticateRemote q = request();
    q.rpc_method = method;
    q.rpc_name = name;
    sign(q, worker);
    return q;
  }

  base::Result<protocol::Principal> ask(AuthenticateRemote q) {
    return finish(on_authenticate_remote(monitor, *gateway, std::move(q)));
  }
  void expect_refused(AuthenticateRemote q, const std::string& what) {
    const auto answer = ask(std::move(q));
    ASSERT_FALSE(answer.has_value()) << what;
    EXPECT_EQ(answer.error().why, base::Why::kRefused) << what;
    EXPECT_STREQ(answer.error().text, "Authentication failed") << what << ": nothing is told apart";
  }
  bool may(const wire::Id& ticket, Op op) { return monitor.may_ask(*gateway, ticket, op).has_value(); }

  const KeyPair worker{9};
  std::shared_ptr<Peer> gateway = peer(Role::kNetTunnel, State::kServing);
};

}  // namespace mcpbox::monitor
