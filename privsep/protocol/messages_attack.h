// Attacking our own jail: ordered by the monitor at every start, and by a person with `mcpboxctl doctor`.
#pragma once

#include "privsep/protocol/messages_common.h"

namespace mcpbox::protocol {

// An attempt that ended otherwise than it should.
struct Hole {
  Text<128> name;     // what was tried
  Text<64> expected;  // how it should have ended
  Text<64> found;     // how it did
  static auto fields(auto& m) { return std::tie(m.name, m.expected, m.found); }
};

struct AttackReport {
  std::uint32_t layers = 0;  // policy::Layers that were verified on, from inside
  std::uint32_t attempts = 0;
  std::uint32_t holes = 0;  // all of them; 0: the jail held
  List<Hole, 16> first;     // by name, the first ones
  std::uint32_t elapsed_ms = 0;
  static auto fields(auto& m) { return std::tie(m.layers, m.attempts, m.holes, m.first, m.elapsed_ms); }
};

// Monitor -> attack process.  It jails itself as a zygote does, attacks, answers, exits.
struct Attack {
  static constexpr Op kOp = Op::kAttack;
  using Reply = AttackReport;
  bool long_corpus = false;
  static auto fields(auto& m) { return std::tie(m.long_corpus); }
};

// mcpboxctl -> monitor: do it now.  kBusy while another one runs.
struct SelfAttack {
  static constexpr Op kOp = Op::kSelfAttack;
  using Reply = AttackReport;
  bool long_corpus = false;
  static auto fields(auto& m) { return std::tie(m.long_corpus); }
};

}  // namespace mcpbox::protocol
