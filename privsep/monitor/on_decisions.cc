// Runs in the monitor: asking for a review, and deciding.  An approval binds the digest that the reviewer was
// shown; if the tool is another one by now, nothing is decided.
#include "privsep/monitor/ids.h"
#include "privsep/monitor/monitor.h"
#include "privsep/monitor/seals.h"
#include "privsep/monitor/sql.h"
#include "privsep/monitor/tools.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {

using base::Why;
namespace limits = policy::limits;

namespace {

constexpr base::Error kSaving{Why::kConflict, "another change of this tool is being saved: look at it again"};

p::ToolSaved saved(const Tool& tool) {
  return {.id = tool.id,
          .name = std::string_view(tool.name),
          .version = tool.version,
          .approval = tool.approval,
          .changed = true,
          .digest = digest_of_tool(tool)};
}

Statement state_row(const wire::Id& tool, p::Approval state, const Param& who, const Param& reason,
                    const Param& notes) {
  return {.sql = &sql::kSetApprovalState,
          .params = {Param::uuid(tool), Param::text(p::status_text(state)), who, reason, notes}};
}

std::string_view server_name(const Monitor& m, const Tool& tool) {
  const auto found = m.catalogue.servers().find(tool.server);
  return found == m.catalogue.servers().end() ? std::string_view() : std::string_view(found->second.name);
}

struct Verdict {
  p::Approval state = p::Approval::kApproved;
  const char* word = "approved";   // in the row
  const char* action = "approve";  // in the chain
  std::string reason;
};

loop::Task<p::ToolSaved> decide(Monitor& m, std::string by, wire::Id id, wire::Digest digest,
                                Verdict verdict);

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
  if (tool->approval == p::Approval::kPendingReview && !automatic)
    co_return base::fail(Why::kConflict, "the tool waits for review already: an administrator decides next");
  if (tool->approval == p::Approval::kApproved)
    co_return base::fail(Why::kConflict, "the tool is approved already: start its server and call it");
  const SavingMark mark(m.catalogue, q.tool);
  AuditRecord record{.kind = AuditKind::kConfiguration,
                     .actor = caller->who,
                     .action = "request_publish",
                     .subject = q.tool,
                     .digest = digest_of_tool(*tool)};
  const Store::MakeRows rows = [&q](std::uint64_t /*sequence*/) {
    return std::vector<Statement>{
        state_row(q.tool, p::Approval::kPendingReview, Param::null(), Param::null(), Param::text(q.notes))};
  };
  const std::uint64_t sequence = co_await m.store.commit(std::move(record), rows);
  static_cast<void>(sequence);
  Tool* now = m.catalogue.find_tool(q.tool);
  if (now == nullptr) co_return base::fail(Why::kNotFound, "the tool was deleted meanwhile");
  now->approval = p::Approval::kPendingReview;
  now->notes = q.notes;
  now->rejection.clear();
  if (automatic) {
    Verdict yes;
    p::ToolSaved approved = co_await decide(m, "auto_approve", q.tool, digest_of_tool(*now), std::move(yes));
    co_return approved;
  }
  co_return saved(*now);
}

namespace {

base::Result<Tool*> decidable(Monitor& m, const wire::Id& id, const wire::Digest& digest) {
  Tool* tool = m.catalogue.find_tool(id);
  if (tool == nullptr) return base::fail(Why::kNotFound, "no such tool");
  if (tool->saving) return std::unexpected(kSaving);
  if (!Keys::same(digest_of_tool(*tool), digest))
    return base::fail(Why::kConflict, "the tool has changed since it was shown: look at it again");
  return tool;
}

loop::Task<p::ToolSaved> decide(Monitor& m, std::string by, wire::Id id, wire::Digest digest,
                                Verdict verdict) {
  const SavingMark mark(m.catalogue, id);
  const std::int64_t at_ms = m.clock.now_ms();
  AuditRecord record{.kind = AuditKind::kDecision,
                     .actor = by,
                     .action = verdict.action,
                     .subject = id,
                     .digest = digest,
                     .payload = verdict.reason.substr(0, limits::kAuditPayloadBytes)};
  const Param reason = verdict.reason.empty() ? Param::null() : Param::text(verdict.reason);
  const Store::MakeRows rows = [&](std::uint64_t sequence) {
    const ApprovalSeal sealed{
        .tool = id, .digest = digest, .state = verdict.word, .by = by, .at_ms = at_ms, .sequence = sequence};
    Statement decision{.sql = &sql::kInsertApproval,
                       .params = {Param::uuid(random_id()), Param::uuid(id), Param::digest(digest),
                                  Param::text(verdict.word), Param::text(by), reason,
                                  Param::integer(static_cast<std::int64_t>(sequence)), Param::integer(at_ms),
                                  Param::digest(seal_of_approval(m.keys, sealed))}};
    return std::vector<Statement>{std::move(decision),
                                  state_row(id, verdict.state, Param::text(by), reason, Param::null())};
  };
  const std::uint64_t sequence = co_await m.store.commit(std::move(record), rows);
  Tool* tool = m.catalogue.find_tool(id);
  if (tool == nullptr) co_return base::fail(Why::kNotFound, "the tool was deleted meanwhile");
  tool->approval = verdict.state;
  tool->rejection = verdict.reason;
  tool->decision = Decision{
      .approved = verdict.state == p::Approval::kApproved, .digest = digest, .by = by, .sequence = sequence};
  m.log.info("decided", {{"tool", m.catalogue.published_name(*tool)}, {"verdict", verdict.word}, {"by", by}});
  if (m.catalogue.published(*tool)) m.tools_changed(server_name(m, *tool));
  co_return saved(*tool);
}

}  // namespace

Answer<p::ToolSaved> on_approve(Monitor& m, Peer& asker, p::Approve q) {
  const base::Result<Tool*> tool = decidable(m, q.tool, q.digest);
  if (!tool) co_return std::unexpected(tool.error());
  if (approved_as_it_is(**tool)) co_return base::fail(Why::kConflict, "the tool is approved already");
  Verdict verdict;
  p::ToolSaved answer = co_await decide(m, asker.person.who, q.tool, q.digest, std::move(verdict));
  co_return answer;
}

Answer<p::ToolSaved> on_reject(Monitor& m, Peer& asker, p::Reject q) {
  const base::Result<Tool*> tool = decidable(m, q.tool, q.digest);
  if (!tool) co_return std::unexpected(tool.error());
  if (q.reason.empty())
    co_return base::fail(Why::kInvalid, "a rejection needs a reason that the author can act on");
  if ((*tool)->approval != p::Approval::kPendingReview)
    co_return base::fail(Why::kConflict, "only a tool that waits for review can be rejected");
  Verdict verdict{.state = p::Approval::kRejected,
                  .word = "rejected",
                  .action = "reject",
                  .reason = std::string(q.reason)};
  p::ToolSaved answer = co_await decide(m, asker.person.who, q.tool, q.digest, std::move(verdict));
  co_return answer;
}

}  // namespace mcpbox::monitor
