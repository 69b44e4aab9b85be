// Runs in the monitor: asking for a review, and deciding.  An approval binds the digest that the reviewer was
// shown; if the tool is another one by now, nothing is decided.
#include "privsep/monitor/capabilities.h"
#include "privsep/monitor/ids.h"
#include "privsep/monitor/monitor.h"
#include "privsep/monitor/review.h"
#include "privsep/monitor/seals.h"
#include "privsep/monitor/sql.h"
#include "privsep/monitor/tools.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {

using base::Why;
namespace limits = policy::limits;

namespace {

using policy::Step;

std::string_view server_name(const Monitor& m, const Tool& tool) {
  const auto found = m.catalogue.servers().find(tool.server);
  return found == m.catalogue.servers().end() ? std::string_view() : std::string_view(found->second.name);
}

// A sealed row about this digest, and where the tool stands from then on.
struct Verdict {
  wire::Id tool{};
  wire::Digest digest{};
  std::string by;
  const char* word = "approved";   // in the row
  const char* action = "approve";  // in the chain
  std::string reason;
  std::optional<p::Approval> state;  // nothing: the tool stays where it is
  std::string capabilities;          // of an approval: what the tool could reach then
};

loop::Task<p::ToolSaved> decide(Monitor& m, Verdict verdict);

// The policy may stand in for the reviewer, for callers on this machine.
bool approves_by_itself(const Monitor& m, const Principal& caller) {
  return m.policy.approves_tools() && caller.origin == Origin::kLocal;
}

}  // namespace

Answer<p::ToolSaved> on_request_publish(Monitor& m, Peer& asker, p::RequestPublish q) {
  const base::Result<Principal> caller = m.redeem(asker, q.ticket);
  if (!caller) co_return std::unexpected(caller.error());
  const Tool* tool = m.catalogue.find_tool(q.tool);
  if (tool == nullptr)
    co_return base::fail(Why::kNotFound, "no tool with this tool_id: see mcpbox_list_tools");
  if (tool->saving) co_return std::unexpected(kSaving);
  const bool automatic = approves_by_itself(m, *caller);
  const p::Approval stands = state_of(*tool);
  const policy::Transition& step = policy::transition(stands, Step::kRequest);
  // What waits already is asked for again where the policy decides at once.
  if (!step.to && !(automatic && stands == p::Approval::kPendingReview))
    co_return base::fail(Why::kConflict, step.refusal);
  const SavingMark mark(m.catalogue, q.tool);
  const p::ToolDetail known = co_await detail_of(m, q.tool);
  AuditRecord record{.kind = AuditKind::kConfiguration,
                     .actor = caller->who,
                     .action = "request_publish",
                     .subject = q.tool,
                     .digest = known.digest};
  const std::int64_t at_ms = m.clock.now_ms();
  const Store::MakeRows rows = [&](std::uint64_t sequence) {
    return std::vector<Statement>{
        state_row(q.tool, p::Approval::kPendingReview, Param::text(caller->who), Param::null(),
                  Param::text(q.notes)),
        review_request_row(known, caller->who, std::string(q.notes), at_ms, sequence)};
  };
  const std::uint64_t sequence = co_await m.store.commit(std::move(record), rows);
  static_cast<void>(sequence);
  Tool* now = m.catalogue.find_tool(q.tool);
  if (now == nullptr) co_return base::fail(Why::kNotFound, "the tool was deleted meanwhile");
  now->approval = p::Approval::kPendingReview;
  now->notes = q.notes;
  now->rejection.clear();
  if (automatic) {
    Verdict yes{.tool = q.tool,
                .digest = digest_of_tool(*now),
                .by = "auto_approve",
                .state = policy::transition(p::Approval::kPendingReview, Step::kApprove).to,
                .capabilities = capabilities_of(m, *now)};
    p::ToolSaved approved = co_await decide(m, std::move(yes));
    co_return approved;
  }
  co_return saved(*now, true);
}

namespace {

base::Result<p::Approval> decidable(const Tool* tool, const wire::Digest& digest, Step step) {
  if (tool == nullptr) return base::fail(Why::kNotFound, "no such tool");
  if (tool->saving) return std::unexpected(kSaving);
  if (!Keys::same(digest_of_tool(*tool), digest))
    return base::fail(Why::kConflict, "the tool has changed since it was shown: look at it again");
  const policy::Transition& row = policy::transition(state_of(*tool), step);
  if (!row.to) return base::fail(Why::kConflict, row.refusal);
  return *row.to;
}

Statement decision_row(const Monitor& m, const Verdict& verdict, std::int64_t at_ms, std::uint64_t sequence) {
  const auto tool = m.catalogue.tools().find(verdict.tool);
  const ApprovalSeal sealed{.tool = verdict.tool,
                            .digest = verdict.digest,
                            .state = verdict.word,
                            .by = verdict.by,
                            .at_ms = at_ms,
                            .sequence = sequence,
                            .capabilities = verdict.capabilities,
                            .server = tool == m.catalogue.tools().end() ? wire::Id{} : tool->second.server};
  const Param reason = verdict.reason.empty() ? Param::null() : Param::text(verdict.reason);
  return {.sql = &sql::kInsertApproval,
          .params = {Param::uuid(random_id()), Param::uuid(verdict.tool), Param::digest(verdict.digest),
                     Param::text(verdict.word), Param::text(verdict.by), reason,
                     Param::integer(static_cast<std::int64_t>(sequence)), Param::integer(at_ms),
                     Param::digest(seal_of_approval(m.keys, sealed)), Param::text(verdict.capabilities)}};
}

// Durable when it returns; what an approval then is in memory.
loop::Task<Approved> write(Monitor& m, Verdict verdict, std::string notes) {
  const std::int64_t at_ms = m.clock.now_ms();
  AuditRecord record{.kind = AuditKind::kDecision,
                     .actor = verdict.by,
                     .action = verdict.action,
                     .subject = verdict.tool,
                     .digest = verdict.digest,
                     .payload = verdict.reason.substr(0, limits::kAuditPayloadBytes)};
  const Store::MakeRows rows = [&](std::uint64_t sequence) {
    std::vector<Statement> all{decision_row(m, verdict, at_ms, sequence)};
    if (verdict.state)
      all.push_back(state_row(verdict.tool, *verdict.state, Param::text(verdict.by),
                              verdict.reason.empty() ? Param::null() : Param::text(verdict.reason),
                              Param::text(notes)));
    return all;
  };
  const std::uint64_t sequence = co_await m.store.commit(std::move(record), rows);
  m.log.info("decided", {{"verdict", verdict.word}, {"by", verdict.by}});
  Approved written{
      .by = verdict.by, .sequence = sequence, .capabilities = verdict.capabilities, .at_ms = at_ms};
  co_return written;
}

// What gives authority acts when it is durable.
loop::Task<p::ToolSaved> decide(Monitor& m, Verdict verdict) {
  const SavingMark mark(m.catalogue, verdict.tool);
  const Approved written = co_await write(m, verdict, std::string());
  Tool* tool = m.catalogue.find_tool(verdict.tool);
  if (tool == nullptr) co_return base::fail(Why::kNotFound, "the tool was deleted meanwhile");
  tool->approval = *verdict.state;
  tool->rejection = verdict.reason;
  if (tool->approval == p::Approval::kApproved)
    tool->approved[verdict.digest] = written;
  else
    tool->approved.erase(verdict.digest);
  if (m.catalogue.published(*tool)) m.tools_changed(server_name(m, *tool), p::list_of(tool->kind));
  co_return saved(*tool, true);
}

}  // namespace

Answer<p::ToolSaved> on_approve(Monitor& m, Peer& asker, p::Approve q) {
  const base::Result<p::Approval> next = decidable(m.catalogue.find_tool(q.tool), q.digest, Step::kApprove);
  if (!next) co_return std::unexpected(next.error());
  std::string capabilities = capabilities_of(m, *m.catalogue.find_tool(q.tool));
  if (q.seen && !Keys::same(*q.seen, digest_of_capabilities(capabilities)))
    co_return base::fail(Why::kConflict,
                         "what the tool may reach has changed since it was shown: look at it again");
  Verdict verdict{.tool = q.tool,
                  .digest = q.digest,
                  .by = asker.person.who,
                  .state = *next,
                  .capabilities = std::move(capabilities)};
  p::ToolSaved answer = co_await decide(m, std::move(verdict));
  co_return answer;
}

Answer<p::ToolSaved> on_reject(Monitor& m, Peer& asker, p::Reject q) {
  const base::Result<p::Approval> next = decidable(m.catalogue.find_tool(q.tool), q.digest, Step::kReject);
  if (!next) co_return std::unexpected(next.error());
  if (q.reason.empty())
    co_return base::fail(Why::kInvalid, "a rejection needs a reason that the author can act on");
  Verdict verdict{.tool = q.tool,
                  .digest = q.digest,
                  .by = asker.person.who,
                  .word = "rejected",
                  .action = "reject",
                  .reason = std::string(q.reason),
                  .state = *next};
  p::ToolSaved answer = co_await decide(m, std::move(verdict));
  co_return answer;
}

// Acts before it is written, also while a change of the tool is on its way: an author who keeps saving cannot
// keep an approval alive.
Answer<p::ToolSaved> on_revoke(Monitor& m, Peer& asker, p::Revoke q) {
  Tool* tool = m.catalogue.find_tool(q.tool);
  if (tool == nullptr) co_return base::fail(Why::kNotFound, "no such tool");
  const auto found = tool->approved.find(q.digest);
  if (found == tool->approved.end())
    co_return base::fail(Why::kConflict,
                         "this digest of the tool is not approved: `mcpboxctl versions` shows which are");
  Verdict verdict{.tool = q.tool,
                  .digest = q.digest,
                  .by = asker.person.who,
                  .word = "revoked",
                  .action = "revoke",
                  .reason = std::string(q.reason)};
  const bool was_published = m.catalogue.published(*tool);
  const p::Approval before = tool->approval;
  if (approved_as_it_is(*tool) && Keys::same(digest_of_tool(*tool), q.digest))
    verdict.state = policy::transition(p::Approval::kApproved, Step::kRevoke).to;
  const Approved taken = found->second;
  tool->approved.erase(found);
  tool->approval = verdict.state.value_or(before);
  m.calls.kill_calls_of_tool(q.tool);
  if (was_published && !m.catalogue.published(*tool))
    m.tools_changed(server_name(m, *tool), p::list_of(tool->kind));
  std::string notes = tool->notes;
  const base::Result<Approved> written = co_await loop::attempt(write(m, verdict, std::move(notes)));
  tool = m.catalogue.find_tool(q.tool);
  if (tool == nullptr) co_return base::fail(Why::kNotFound, "the tool was deleted meanwhile");
  if (!written) {
    tool->approved[q.digest] = taken;  // nothing was written: it can be revoked again
    if (verdict.state && tool->approval == *verdict.state) tool->approval = before;
    co_return std::unexpected(written.error());
  }
  co_return saved(*tool, true);
}

}  // namespace mcpbox::monitor
