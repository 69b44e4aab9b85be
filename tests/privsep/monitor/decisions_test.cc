// Mirrors privsep/monitor/decisions.cc.
#include "privsep/monitor/decisions.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "privsep/audit/actions.h"
#include "privsep/base/fd.h"

namespace mcpbox::monitor {
namespace {

Keys keys_of(unsigned char fill) {
  const base::Fd memory(memfd_create("key", MFD_CLOEXEC));
  const std::string bytes(32, static_cast<char>(fill));
  if (write(memory.get(), bytes.data(), bytes.size()) != 32 || lseek(memory.get(), 0, SEEK_SET) != 0) abort();
  return std::move(*Keys::from_fd(memory.get()));
}

AuditRecord record(AuditKind kind, const char* action, unsigned char subject, unsigned char digest = 0) {
  AuditRecord made{.kind = kind, .actor = "root", .action = action};
  made.subject.fill(subject);
  made.digest.fill(digest);
  return made;
}
const AuditRecord kApprove = record(AuditKind::kDecision, "approve", 1, 9);
const AuditRecord kRevoke = record(AuditKind::kDecision, "revoke", 1, 9);
const AuditRecord kOther = record(AuditKind::kDecision, "approve", 1, 8);
const AuditRecord kFreeze = record(AuditKind::kConfiguration, "freeze", 0);

class DecisionsTest : public testing::Test {
 protected:
  using Noted = std::vector<std::pair<AuditRecord, std::uint64_t>>;
  [[nodiscard]] wire::Digest sum_of(const Noted& noted, const Keys& with) const {
    Decisions decisions;
    for (const auto& [what, sequence] : noted) decisions.note(with, what, sequence);
    return decisions.sum();
  }
  [[nodiscard]] wire::Digest sum_of(const Noted& noted) const { return sum_of(noted, keys); }

  Keys keys = keys_of(7);
};

TEST_F(DecisionsTest, TheLastOnASubjectCountsInWhateverOrder) {
  const wire::Digest sum = sum_of({{kApprove, 3}, {kFreeze, 4}, {kRevoke, 9}});
  EXPECT_EQ(sum, sum_of({{kFreeze, 4}, {kRevoke, 9}}));
  EXPECT_EQ(sum, sum_of({{kRevoke, 9}, {kApprove, 3}, {kFreeze, 4}}));
  EXPECT_NE(sum, sum_of({{kApprove, 3}, {kFreeze, 4}}));
  EXPECT_NE(sum, sum_of({{kRevoke, 9}}));
  EXPECT_EQ(sum_of({}), wire::Digest{});
}

TEST_F(DecisionsTest, EachDigestOfAToolIsASubjectAndEachActionOnOthers) {
  Decisions decisions;
  decisions.note(keys, kApprove, 1);
  decisions.note(keys, kOther, 2);
  decisions.note(keys, kRevoke, 3);
  EXPECT_EQ(decisions.size(), 2U);
  decisions.note(keys, kFreeze, 4);
  decisions.note(keys, record(AuditKind::kConfiguration, "thaw", 0), 5);
  decisions.note(keys, record(AuditKind::kConfiguration, "delete_tool", 1), 6);
  EXPECT_EQ(decisions.size(), 5U);
}

TEST_F(DecisionsTest, WhatGivesOrTakesNothingIsNotKept) {
  const wire::Digest sum = sum_of({{kApprove, 1}});
  for (const auto& [kind, action] :
       {std::pair(AuditKind::kCallIntent, "call"), std::pair(AuditKind::kConfiguration, "create_tool"),
        std::pair(AuditKind::kAuthentication, "set_password")})
    EXPECT_EQ(sum, sum_of({{kApprove, 1}, {record(kind, action, 1, 9), 2}})) << action;
}

TEST_F(DecisionsTest, EveryDecisionThatTheLogKnowsIsKeptOrSaidNotToBe) {
  for (const audit::Action& action : audit::kActions) {
    if (action.kind != "decision") continue;
    const bool on_a_tool = action.name == "approve" || action.name == "reject" || action.name == "revoke";
    const bool of_the_log = action.name == "audit_prune";  // the chain's beginning, which has signatures
    EXPECT_TRUE(on_a_tool || of_the_log || gives_or_takes(action.name)) << action.name;
  }
}

TEST_F(DecisionsTest, ItIsUnderTheKeys) {
  const Keys other = keys_of(8);
  const Noted noted{{kApprove, 3}, {kFreeze, 4}};
  EXPECT_NE(sum_of(noted), sum_of(noted, other));
  Decisions decisions;
  for (const auto& [what, sequence] : noted) decisions.note(keys, what, sequence);
  decisions.sum_anew(other);
  EXPECT_EQ(decisions.sum(), sum_of(noted, other));
}

TEST_F(DecisionsTest, RowsOfTheDatabaseSayTheSame) {
  const std::string subject(16, '\1');
  Decisions read;
  read.take(keys,
            {.rows = {{std::string(16, '\0'), "freeze", "4"},
                      {subject, "approve", "3"},
                      {subject, "create_tool", "1"}}},
            {.rows = {{subject, std::string(32, '\x09'), "9"}}});
  EXPECT_EQ(read.sum(), sum_of({{kApprove, 3}, {kFreeze, 4}, {kRevoke, 9}}));
}

}  // namespace
}  // namespace mcpbox::monitor
