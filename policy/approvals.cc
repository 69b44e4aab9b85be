// Data: every state with every step, each once.  tests/policy/approvals_test.cc holds the table to that.
#include "policy/approvals.h"

#include <algorithm>

namespace mcpbox::policy {
namespace {

using enum Approval;
using enum Step;

constexpr const char* kNotPending =
    "only a tool that waits for review can be rejected: the author must ask for a review first";
constexpr const char* kNothingToRevoke = "what the tool is now is not approved: there is nothing to revoke";

// clang-format off
constexpr Transition kTable[] = {
    // from           step      to               why not, and what to do next
    { kDraft,         kRequest, kPendingReview,  "" },
    { kDraft,         kApprove, kApproved,       "" },
    { kDraft,         kReject,  {},              kNotPending },
    { kDraft,         kRevoke,  {},              kNothingToRevoke },
    { kDraft,         kChange,  kDraft,          "" },
    { kDraft,         kRestore, kApproved,       "" },
    { kPendingReview, kRequest, {},              "the tool waits for review already: an administrator decides next, and mcpbox_get_tool_status tells" },
    { kPendingReview, kApprove, kApproved,       "" },
    { kPendingReview, kReject,  kRejected,       "" },
    { kPendingReview, kRevoke,  {},              kNothingToRevoke },
    { kPendingReview, kChange,  kPendingReview,  "" },
    { kPendingReview, kRestore, kApproved,       "" },
    { kApproved,      kRequest, {},              "the tool is approved already: start its server with mcpbox_start_server, then call it" },
    { kApproved,      kApprove, {},              "the tool is approved already" },
    { kApproved,      kReject,  {},              "the tool is approved: revoke the approval instead" },
    { kApproved,      kRevoke,  kPendingReview,  "" },
    { kApproved,      kChange,  kPendingReview,  "" },
    { kApproved,      kRestore, kApproved,       "" },
    { kRejected,      kRequest, kPendingReview,  "" },
    { kRejected,      kApprove, kApproved,       "" },
    { kRejected,      kReject,  {},              kNotPending },
    { kRejected,      kRevoke,  {},              kNothingToRevoke },
    { kRejected,      kChange,  kDraft,          "" },
    { kRejected,      kRestore, kApproved,       "" },
};
// clang-format on
static_assert(std::size(kTable) == std::size(kApprovals) * std::size(kSteps));

}  // namespace

std::span<const Transition> transitions() { return kTable; }

const Transition& transition(Approval from, Step step) {
  return *std::ranges::find_if(kTable,
                               [&](const Transition& row) { return row.from == from && row.step == step; });
}

}  // namespace mcpbox::policy
