// Requests that come through the tunnel, and what an administrator says about who may send them.
#pragma once

#include "policy/assertion.h"
#include "privsep/protocol/messages_access.h"

namespace mcpbox::protocol {

// "Whose request is this?"  The fields of the Worker's assertion as the gateway read them, with the body as
// it was received: the monitor builds the signed text itself, and hashes the body itself.  kRefused, in the
// same words, for everything that is wrong.
struct AuthenticateRemote {
  static constexpr Op kOp = Op::kAuthenticateRemote;
  using Reply = Principal;
  Text<policy::assertion::kKeyIdBytes> key_id;
  Text<policy::assertion::kIssuerBytes> issuer;
  Text<policy::assertion::kAudienceBytes> audience;
  std::int64_t issued_at = 0;
  std::int64_t expires_at = 0;
  std::array<unsigned char, 16> nonce{};
  Text<policy::assertion::kMethodBytes> method;
  Text<policy::assertion::kPathBytes> path;
  Text<policy::assertion::kQueryBytes> query;
  std::array<unsigned char, 32> body_hash{};
  Text<policy::assertion::kRpcMethodBytes> rpc_method;
  Text<policy::assertion::kRpcNameBytes> rpc_name;
  Text<policy::assertion::kSubjectBytes> subject;
  Text<policy::assertion::kEmailBytes> email;
  Text<policy::assertion::kClientIdBytes> client_id;
  Text<policy::assertion::kScopeBytes> scope;
  std::array<unsigned char, 64> signature{};
  Text<limits::kServiceTokenBytes> service_token;
  Bytes<limits::kBodyBytes> body;
  static auto fields(auto& m) {
    return std::tie(m.key_id, m.issuer, m.audience, m.issued_at, m.expires_at, m.nonce, m.method, m.path,
                    m.query, m.body_hash, m.rpc_method, m.rpc_name, m.subject, m.email, m.client_id, m.scope,
                    m.signature, m.service_token, m.body);
  }
};

struct RemoteKey {
  Text<policy::assertion::kKeyIdBytes> id;
  std::array<unsigned char, 32> key{};  // Ed25519, public
  static auto fields(auto& m) { return std::tie(m.id, m.key); }
};

// Who may come through the tunnel, by the e-mail that the identity provider vouches for.
enum class RemotePolicy : std::uint8_t {
  kEveryone = 1,  // whoever Access lets sign in, also without an e-mail
  kEmails,        // these, whatever their case
  kDomain,        // this domain, and none below it
};
constexpr bool is_known(RemotePolicy policy) {
  return policy >= RemotePolicy::kEveryone && policy <= RemotePolicy::kDomain;
}

struct RemoteEntry {
  Text<policy::assertion::kEmailBytes> value;
  static auto fields(auto& m) { return std::tie(m.value); }
};
using RemoteKeys = List<RemoteKey, 2>;  // the present one, and the next while it is rotated
using RemoteEntries = List<RemoteEntry, 64>;

struct RemoteState {
  bool on = false;
  Text<policy::assertion::kIssuerBytes> issuer;
  Text<policy::assertion::kAudienceBytes> audience;
  RemoteKeys keys;
  RemotePolicy policy = RemotePolicy::kEmails;
  RemoteEntries entries;
  static auto fields(auto& m) { return std::tie(m.on, m.issuer, m.audience, m.keys, m.policy, m.entries); }
};

struct ReadRemote {
  static constexpr Op kOp = Op::kReadRemote;
  using Reply = RemoteState;
  static auto fields(auto& /*m*/) { return std::tie(); }
};

// Which Worker is believed.  Without keys: none, and the tunnel admits nobody.
struct SetRemoteWorker {
  static constexpr Op kOp = Op::kSetRemoteWorker;
  using Reply = RemoteState;
  Text<policy::assertion::kIssuerBytes> issuer;
  RemoteKeys keys;
  Text<limits::kServiceTokenBytes> service_token;  // empty: as it was
  static auto fields(auto& m) { return std::tie(m.issuer, m.keys, m.service_token); }
};

struct SetRemotePolicy {
  static constexpr Op kOp = Op::kSetRemotePolicy;
  using Reply = RemoteState;
  RemotePolicy policy = RemotePolicy::kEmails;
  RemoteEntries entries;
  static auto fields(auto& m) { return std::tie(m.policy, m.entries); }
};

}  // namespace mcpbox::protocol
