// Secrets of a server.  A caller may name one and say how it would be used; its value comes from a person and
// is in no answer.
#pragma once

#include "policy/secrets.h"
#include "privsep/protocol/messages_common.h"

namespace mcpbox::protocol {

enum class SecretMode : std::uint8_t {
  kSealed = 1,  // code sees a placeholder; egress fills the value in at its binding
  kExposed,     // code sees the value
};
constexpr bool is_known(SecretMode mode) {
  return mode == SecretMode::kSealed || mode == SecretMode::kExposed;
}
constexpr std::string_view name_of(SecretMode mode) {
  return mode == SecretMode::kSealed ? "sealed" : "exposed";
}

// Where a sealed value may go.  Without a host: nowhere yet.
struct SecretBinding {
  SecretMode mode = SecretMode::kSealed;
  Text<limits::kHostBytes> host;
  std::uint16_t port = 443;
  policy::SecretPlace place = policy::SecretPlace::kHeader;
  Text<limits::kSecretPlaceBytes> name;  // of the header, parameter or field
  Text<limits::kSecretFormBytes> form;   // header and basic: the value with {} for the secret
  static auto fields(auto& m) { return std::tie(m.mode, m.host, m.port, m.place, m.name, m.form); }
};

struct SecretInfo {
  Id id{};
  Text<limits::kSecretKeyBytes> key;
  Text<limits::kDescriptionBytes> description;
  bool has_value = false;
  SecretBinding binding;  // without a value: what was proposed
  Text<128> created_by;
  Text<128> set_by;
  std::int64_t set_at_ms = 0;  // 0: never
  static auto fields(auto& m) {
    return std::tie(m.id, m.key, m.description, m.has_value, m.binding, m.created_by, m.set_by, m.set_at_ms);
  }
};

// kConflict: the key is taken.
struct CreateSecret {
  static constexpr Op kOp = Op::kCreateSecret;
  using Reply = SecretInfo;
  Id ticket{};
  Id server{};
  Text<limits::kSecretKeyBytes> key;
  Text<limits::kDescriptionBytes> description;
  SecretBinding proposed;
  static auto fields(auto& m) { return std::tie(m.ticket, m.server, m.key, m.description, m.proposed); }
};

struct SecretPage {
  Id server{};
  Text<limits::kNameBytes> server_name;
  List<SecretInfo, limits::kPageMax> secrets;
  std::uint32_t total = 0;
  static auto fields(auto& m) { return std::tie(m.server, m.server_name, m.secrets, m.total); }
};

// Ordered by key.
struct ListSecrets {
  static constexpr Op kOp = Op::kListSecrets;
  using Reply = SecretPage;
  Id ticket{};
  Id server{};
  std::uint32_t page = 1;
  std::uint32_t page_size = limits::kPageDefault;
  static auto fields(auto& m) { return std::tie(m.ticket, m.server, m.page, m.page_size); }
};

// The same for a person who decides.
struct ReviewSecrets {
  static constexpr Op kOp = Op::kReviewSecrets;
  using Reply = SecretPage;
  Text<limits::kNameBytes> server;
  std::uint32_t page = 1;
  std::uint32_t page_size = limits::kPageDefault;
  static auto fields(auto& m) { return std::tie(m.server, m.page, m.page_size); }
};

// Gives a secret its value and its binding; both count from the next call on.  A key that is not there is
// made.
struct SetSecret {
  static constexpr Op kOp = Op::kSetSecret;
  using Reply = SecretInfo;
  Text<limits::kNameBytes> server;
  Text<limits::kSecretKeyBytes> key;
  Maybe<SecretBinding> binding;  // absent: as it is, or as it was proposed
  Text<limits::kSecretValueBytes> value;
  static auto fields(auto& m) { return std::tie(m.server, m.key, m.binding, m.value); }
};

struct DeleteSecret {
  static constexpr Op kOp = Op::kDeleteSecret;
  using Reply = Done;
  Text<limits::kNameBytes> server;
  Text<limits::kSecretKeyBytes> key;
  static auto fields(auto& m) { return std::tie(m.server, m.key); }
};

}  // namespace mcpbox::protocol
