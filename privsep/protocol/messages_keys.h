// The master key, from a terminal of root's (or of a trial's user).  Its bytes travel as an open file, which
// the monitor reads straight into closed pages.
#pragma once

#include <tuple>

#include "privsep/protocol/messages_audit.h"

namespace mcpbox::protocol {

struct KeyUse {
  bool in_use = false;
  static auto fields(auto& m) { return std::tie(m.in_use); }
};

// Is the master key in this file the one that the monitor uses?
struct CheckKey {
  static constexpr Op kOp = Op::kCheckKey;
  using Reply = KeyUse;
  base::Fd key;
  static auto fields(auto& m) { return std::tie(m.key); }
};

struct KeyRotated {
  Digest audit_key{};        // the public key that checkpoints are signed with from now on
  std::uint64_t record = 0;  // of the audit log
  std::uint64_t rows = 0;    // sealed again
  static auto fields(auto& m) { return std::tie(m.audit_key, m.record, m.rows); }
};

// Replaces the master key by the one in this file.  An error other than kBroken: nothing was changed.
struct RotateKey {
  static constexpr Op kOp = Op::kRotateKey;
  using Reply = KeyRotated;
  base::Fd key;
  static auto fields(auto& m) { return std::tie(m.key); }
};

}  // namespace mcpbox::protocol
