// What a tool's approval can be, and what moves it: one table, which the monitor enforces and
// docs/approvals.md is made from.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace mcpbox::policy {

enum class Approval : std::uint8_t { kDraft = 1, kPendingReview, kApproved, kRejected };
constexpr bool is_known(Approval state) { return state >= Approval::kDraft && state <= Approval::kRejected; }

// The states by the names that the contract, the database and clients use.
constexpr std::string_view status_text(Approval approval) {
  switch (approval) {
    case Approval::kDraft:
      return "draft";
    case Approval::kPendingReview:
      return "pending_review";
    case Approval::kApproved:
      return "approved";
    case Approval::kRejected:
      return "rejected";
  }
  return "draft";
}

enum class Step : std::uint8_t {
  kRequest = 1,  // the author asks for a review
  kApprove,      // an admin approves the digest that was shown
  kReject,       // an admin rejects it, with a reason
  kRevoke,       // an admin takes the approval of the tool's digest back
  kChange,   // the author changes a field that the digest covers, or rolls back to a digest nobody approved
  kRestore,  // the author rolls back to a digest that was approved and not revoked
};
inline constexpr Step kSteps[] = {Step::kRequest, Step::kApprove, Step::kReject,
                                  Step::kRevoke,  Step::kChange,  Step::kRestore};
inline constexpr Approval kApprovals[] = {Approval::kDraft, Approval::kPendingReview, Approval::kApproved,
                                          Approval::kRejected};

struct Transition {
  Approval from;
  Step step;
  std::optional<Approval> to;  // nothing: refused
  const char* refusal;         // why, and what to do next; "" when it is allowed
};

[[nodiscard]] std::span<const Transition> transitions();

// The one row for this state and step.
[[nodiscard]] const Transition& transition(Approval from, Step step);

}  // namespace mcpbox::policy
