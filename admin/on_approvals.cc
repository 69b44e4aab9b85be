// Runs in admin: decisions about tools.  Each carries the digest of what was shown; the monitor compares.
#include "admin/decide_many.h"
#include "admin/reads.h"
#include "admin/routes.h"
#include "admin/shapes.h"
#include "privsep/http/ids.h"
#include "privsep/protocol/messages_grants.h"

namespace mcpbox::admin {

namespace {

namespace limits = policy::limits;

// Of the tool that was shown: the digest, and what it could reach then if the person saw that too.
struct Shown {
  wire::Id tool{};
  wire::Digest digest{};
  std::optional<wire::Digest> capabilities;
};

Task<protocol::ToolSaved> decide(Admin& a, const Incoming& in, Shown shown, std::string action,
                                 std::string reason) {
  if (action == "approve") {
    protocol::Approve question{.tool = shown.tool, .digest = shown.digest};
    if (shown.capabilities) question.seen.emplace(*shown.capabilities);
    protocol::ToolSaved saved = co_await ask_as(a, in, question);
    co_return saved;
  }
  protocol::Reject question{.tool = shown.tool, .digest = shown.digest, .reason = std::move(reason)};
  protocol::ToolSaved saved = co_await ask_as(a, in, question);
  co_return saved;
}

Task<> decide_chosen(Admin& a, const Incoming& in, const Chosen& one) {
  const std::optional<wire::Digest> digest =
      digest_of_hex(http::text_of(json_object_get(one.shown, "digest")));
  const json_t* capabilities = json_object_get(one.shown, "capabilities_digest");
  Shown shown{.tool = one.id, .digest = digest.value_or(wire::Digest{})};
  shown.capabilities = digest_of_hex(http::text_of(capabilities));
  if (!digest || (capabilities != nullptr && !shown.capabilities))
    co_return base::fail(base::Why::kInvalid, "digest and capabilities_digest must be what was shown");
  const protocol::ToolSaved saved = co_await decide(a, in, shown, one.action, one.reason);
  static_cast<void>(saved);
  co_return Nothing{};
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

Task<Answered> on_decide(Admin& a, const Incoming& in) {
  const std::optional<wire::Id> id = path_id(in);
  if (!id) co_return no_such("tool");
  Fields fields(in.body.get(), {"action", "digest", "capabilities_digest", "reason"});
  std::string action = fields.word("action", {"approve", "reject"});
  const std::optional<wire::Digest> digest = fields.digest("digest");
  Shown shown{.tool = *id, .digest = digest.value_or(wire::Digest{})};
  if (fields.has("capabilities_digest")) shown.capabilities = fields.digest("capabilities_digest");
  std::string reason = fields.optional_text("reason", 0, limits::kNotesChars).value_or("");
  if (action == "reject" && reason.empty())
    fields.wrong("reason", "a rejection needs one that the author can act on");
  if (!fields.good()) co_return fields.refusal();
  const protocol::ToolSaved saved = co_await decide(a, in, shown, std::move(action), std::move(reason));
  co_return json_answer(decided_json(saved));
}

Task<Answered> on_decide_many(Admin& a, const Incoming& in) {
  return decide_each(in, "tools", "digest",
                     [&a, &in](const Chosen& one) { return decide_chosen(a, in, one); });
}

}  // namespace mcpbox::admin
