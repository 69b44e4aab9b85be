// Mirrors policy/approvals.cc: the table has every state with every step once, and keeps the rules of the
// product.
#include "policy/approvals.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

namespace mcpbox::policy {
namespace {

TEST(Approvals, EveryStateHasEveryStepOnce) {
  std::set<std::pair<Approval, Step>> seen;
  for (const Transition& row : transitions()) EXPECT_TRUE(seen.insert({row.from, row.step}).second);
  for (const Approval state : kApprovals)
    for (const Step step : kSteps) EXPECT_TRUE(seen.contains({state, step}));
}

TEST(Approvals, ARefusalSaysWhyAndAnAllowedStepNeedsNoWords) {
  for (const Transition& row : transitions())
    EXPECT_EQ(row.to.has_value(), std::string_view(row.refusal).empty());
}

TEST(Approvals, OnlyApprovingAndGoingBackToWhatWasApprovedApproves) {
  for (const Transition& row : transitions()) {
    if (row.to != Approval::kApproved) continue;
    EXPECT_TRUE(row.step == Step::kApprove || row.step == Step::kRestore) << static_cast<int>(row.step);
  }
}

TEST(Approvals, AChangeIsAlwaysPossibleAndNeverLeavesAnApproval) {
  EXPECT_EQ(transition(Approval::kDraft, Step::kChange).to, Approval::kDraft);
  EXPECT_EQ(transition(Approval::kRejected, Step::kChange).to, Approval::kDraft);
  EXPECT_EQ(transition(Approval::kPendingReview, Step::kChange).to, Approval::kPendingReview);
  EXPECT_EQ(transition(Approval::kApproved, Step::kChange).to, Approval::kPendingReview);
}

}  // namespace
}  // namespace mcpbox::policy
