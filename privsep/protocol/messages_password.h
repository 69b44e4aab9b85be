// Monitor -> password child: one Argon2id question, then it exits.
#pragma once

#include "privsep/protocol/messages_common.h"

namespace mcpbox::protocol {

struct PasswordHash {
  Text<160> hash;  // libsodium's crypto_pwhash_str
  static auto fields(auto& m) { return std::tie(m.hash); }
};

struct HashPassword {
  static constexpr Op kOp = Op::kHashPassword;
  using Reply = PasswordHash;
  Text<limits::kPasswordBytes> password;
  static auto fields(auto& m) { return std::tie(m.password); }
};

struct PasswordVerdict {
  bool matches = false;
  static auto fields(auto& m) { return std::tie(m.matches); }
};

struct CheckPassword {
  static constexpr Op kOp = Op::kCheckPassword;
  using Reply = PasswordVerdict;
  Text<limits::kPasswordBytes> password;
  Text<160> hash;
  static auto fields(auto& m) { return std::tie(m.password, m.hash); }
};

}  // namespace mcpbox::protocol
