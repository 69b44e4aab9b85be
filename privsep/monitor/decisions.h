// The last decision on everything that has or had authority, as the monitor's own memory holds it, and one
// keyed number over all of them for audit.head: whoever can write to the database can take a record out of
// the middle of the chain, or one that retention kept out of its table, and an older row would count again.
// The number then differs at the next start.
//
// Subjects: a tool and the digest that was decided on, or anything else and the action.  About 100 bytes
// each.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

#include "privsep/monitor/audit_record.h"
#include "privsep/monitor/keys.h"
#include "privsep/monitor/store.h"

namespace mcpbox::monitor {

// Whether an older row could count again if a record of this action were not there.
[[nodiscard]] bool gives_or_takes(std::string_view action);

class Decisions {
 public:
  // A record that is stored.  O(1); nothing when its action neither gives nor takes authority.
  void note(const Keys& keys, const AuditRecord& record, std::uint64_t sequence);

  // What the database says: rows of kLastDecisions and of kLastToolDecisions.
  void take(const Keys& keys, const Rows& last, const Rows& of_tools);

  // The sum, in four lanes modulo 2^64, of Keys::seal("audit.decision", {subject, sequence}) over all of
  // them. In any order the same; without the key nobody can find another set with the same sum.
  [[nodiscard]] wire::Digest sum() const;
  // Under other keys.  O(n), a microsecond each.
  void sum_anew(const Keys& keys);

  [[nodiscard]] std::size_t size() const { return last_.size(); }

 private:
  using Lanes = std::array<std::uint64_t, 4>;
  static Lanes lanes_of(const Keys& keys, const std::string& subject, std::uint64_t sequence);
  void put(const Keys& keys, std::string subject, std::uint64_t sequence);

  std::unordered_map<std::string, std::uint64_t> last_;
  Lanes sum_{};
};

}  // namespace mcpbox::monitor
