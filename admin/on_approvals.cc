// Runs in admin: what a reviewer sees, and the decision.  A decision carries the digest of what was shown;
// the monitor compares.
#include "admin/decide_many.h"
#include "admin/reads.h"
#include "admin/routes.h"
#include "privsep/http/ids.h"
#include "privsep/protocol/messages_grants.h"

namespace mcpbox::admin {

Json decided_json(const protocol::ToolSaved& tool);

namespace {

namespace limits = policy::limits;

Task<protocol::ToolSaved> decide(Admin& a, const Incoming& in, wire::Id tool, wire::Digest digest,
                                 std::string action, std::string reason) {
  if (action == "approve") {
    protocol::Approve question{.tool = tool, .digest = digest};
    protocol::ToolSaved saved = co_await ask_as(a, in, question);
    co_return saved;
  }
  protocol::Reject question{.tool = tool, .digest = digest, .reason = std::move(reason)};
  protocol::ToolSaved saved = co_await ask_as(a, in, question);
  co_return saved;
}

Task<> decide_chosen(Admin& a, const Incoming& in, const Chosen& one) {
  const std::optional<wire::Digest> digest =
      digest_of_hex(http::text_of(json_object_get(one.shown, "digest")));
  if (!digest) co_return base::fail(base::Why::kInvalid, "digest must be the digest that was shown");
  const protocol::ToolSaved saved = co_await decide(a, in, one.id, *digest, one.action, one.reason);
  static_cast<void>(saved);
  co_return Nothing{};
}

// The version that was approved last; null when there has been none.
Task<Json> approved_version(Admin& a, const Incoming& in, wire::Id tool) {
  protocol::AdminRead question{.query = protocol::AdminQuery::kVersion, .subject = tool};
  const base::Result<protocol::JsonText> found = co_await attempt(ask_as(a, in, question));
  if (!found && found.error().why == base::Why::kNotFound) co_return Json(json_null());
  if (!found) co_return std::unexpected(found.error());
  Json version = parse_object(found->json);
  if (!version) co_return base::fail(base::Why::kBroken, "the database's answer is not JSON");
  co_return version;
}

Task<std::uint32_t> waiting(Admin& a, const Incoming& in, protocol::GrantKind kind) {
  protocol::ReviewGrants question;
  question.filter.kind = kind;
  question.filter.state = protocol::GrantState::kPending;
  question.filter.page_size = 1;
  const protocol::GrantPage page = co_await ask_as(a, in, question);
  co_return page.total;
}

}  // namespace

Task<Answered> on_review_stats(Admin& a, const Incoming& in) {
  protocol::AdminRead question{.query = protocol::AdminQuery::kReviewStats};
  const protocol::JsonText tools = co_await ask_as(a, in, question);
  Json stats = parse_object(tools.json);
  if (!stats) co_return base::fail(base::Why::kBroken, "the database's answer is not JSON");
  const std::uint32_t hosts = co_await waiting(a, in, protocol::GrantKind::kHost);
  const std::uint32_t modules = co_await waiting(a, in, protocol::GrantKind::kModule);
  json_object_set_new(stats.get(), "pending_network_requests", json_integer(hosts));
  json_object_set_new(stats.get(), "pending_module_requests", json_integer(modules));
  co_return json_answer(std::move(stats));
}

Task<Answered> on_review(Admin& a, const Incoming& in) {
  const std::optional<wire::Id> id = path_id(in);
  if (!id) co_return no_such("tool");
  protocol::ShowTool question{.id = *id};
  const protocol::ToolDetail tool = co_await ask_as(a, in, question);
  Json approved = co_await approved_version(a, in, *id);
  Object body;
  body.text("id", text_of(tool.id)).text("server_name", tool.server).text("name", tool.name);
  body.text("published_name", tool.server + "__" + tool.name).text("description", tool.description);
  body.text("python_code", tool.code)
      .text("input_schema", tool.input_schema)
      .number("timeout_ms", tool.timeout_ms);
  body.number("current_version", tool.version).boolean("enabled", tool.enabled);
  body.text("approval_status", protocol::status_text(tool.approval)).text("digest", hex_of(tool.digest));
  body.text("created_by", tool.created_by)
      .text("publish_notes", tool.notes)
      .text("rejection_reason", tool.rejection);
  Json analysis = tool.analysis.empty() ? nullptr : parse_value(tool.analysis);
  body.json("analysis", analysis ? std::move(analysis) : Json(json_null()));
  body.json("approved", std::move(approved));
  co_return json_answer(body.take());
}

Task<Answered> on_decide(Admin& a, const Incoming& in) {
  const std::optional<wire::Id> id = path_id(in);
  if (!id) co_return no_such("tool");
  Fields fields(in.body.get(), {"action", "digest", "reason"});
  std::string action = fields.word("action", {"approve", "reject"});
  const std::optional<wire::Digest> digest = fields.digest("digest");
  std::string reason = fields.optional_text("reason", 0, limits::kNotesChars).value_or("");
  if (action == "reject" && reason.empty())
    fields.wrong("reason", "a rejection needs one that the author can act on");
  if (!fields.good()) co_return fields.refusal();
  const protocol::ToolSaved saved =
      co_await decide(a, in, *id, *digest, std::move(action), std::move(reason));
  co_return json_answer(decided_json(saved));
}

Task<Answered> on_decide_many(Admin& a, const Incoming& in) {
  return decide_each(in, "tools", "digest",
                     [&a, &in](const Chosen& one) { return decide_chosen(a, in, one); });
}

}  // namespace mcpbox::admin
