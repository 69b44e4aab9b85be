// Runs in admin: hosts and modules that tools ask for or have.  A decision carries the sequence of what was
// shown; the monitor compares.
#include "admin/decide_many.h"
#include "admin/reads.h"
#include "admin/routes.h"
#include "admin/shapes.h"
#include "privsep/http/ids.h"
#include "privsep/protocol/messages_grants.h"
#include "privsep/protocol/messages_modules.h"

namespace mcpbox::admin {
namespace {

namespace limits = policy::limits;
using protocol::GrantKind;
using protocol::GrantVerdict;

Json methods_json(policy::Methods methods) {
  Json names(json_array());
  for (const policy::MethodName& row : policy::kMethods)
    if ((methods & row.bit) != 0)
      json_array_append_new(names.get(), json_stringn(row.name.data(), row.name.size()));
  return names;
}

Object grant_object(const protocol::GrantInfo& grant) {
  Object one;
  const bool host = grant.kind == GrantKind::kHost;
  one.text("id", text_of(grant.id)).text("kind", protocol::name_of(grant.kind));
  one.text("status", protocol::name_of(grant.state)).text("name", grant.name);
  id_or_null(one, "server_id", grant.server);
  text_or_null(one, "server_name", grant.server_name);
  id_or_null(one, "tool_id", grant.tool);
  text_or_null(one, "tool_name", grant.tool_name);
  if (host && grant.port != 0)
    one.number("port", grant.port);
  else
    one.null("port");
  one.json("methods", methods_json(grant.methods));
  text_or_null(one, "path", grant.path);
  one.boolean("private_too", grant.private_too);
  one.boolean("may_be_private", host && policy::may_be_private(grant.name));
  one.boolean("installed", grant.installed);
  one.boolean("in_standard_library", !host && policy::is_standard_library(grant.name));
  one.text("justification", grant.justification).text("source", grant.from_admin ? "admin" : "llm");
  text_or_null(one, "requested_by", grant.requested_by);
  one.text("created_at", time_text(grant.requested_at_ms));
  text_or_null(one, "reviewed_by", grant.decided_by);
  time_or_null(one, "reviewed_at", grant.decided_at_ms);
  text_or_null(one, "rejection_reason", grant.reason);
  one.number("sequence", static_cast<std::int64_t>(grant.sequence));
  return one;
}

Json detail_json(const protocol::GrantDetail& detail) {
  Object one = grant_object(detail.grant);
  Json reaches(json_array());
  for (const auto& name : detail.reaches)
    json_array_append_new(reaches.get(), json_stringn(name.data(), name.size()));
  return one.json("reaches", std::move(reaches)).number("reaches_total", detail.reaches_total).take();
}

std::optional<GrantVerdict> verdict_of(std::string_view action) {
  constexpr std::pair<std::string_view, GrantVerdict> kVerdicts[] = {{"approve", GrantVerdict::kApprove},
                                                                     {"reject", GrantVerdict::kReject},
                                                                     {"revoke", GrantVerdict::kRevoke}};
  for (const auto& [name, verdict] : kVerdicts)
    if (name == action) return verdict;
  return std::nullopt;
}

Task<Answered> list(Admin& a, const Incoming& in, GrantKind kind) {
  const std::optional<Page> page = page_of(in.query, limits::kPageDefault);
  if (!page) co_return page_problem();
  protocol::ReviewGrants question;
  question.filter.kind = kind;
  question.filter.page = page->page;
  question.filter.page_size = page->size;
  question.search = search_of(in);
  const std::string status = in.query.find("grant_status").value_or("pending");
  for (unsigned i = 1; i <= 4; ++i)
    if (const auto state = protocol::GrantState(i); protocol::name_of(state) == status)
      question.filter.state = state;
  if (!question.filter.state && status != "all")
    co_return problem(422, "grant_status is pending, approved, rejected, revoked or all.");
  if (const std::optional<std::string> server = in.query.find("server_id")) {
    const std::optional<wire::Id> id = id_of(*server);
    if (!id) co_return problem(422, "server_id is a UUID.");
    question.filter.server = *id;
  }
  const protocol::GrantPage found = co_await ask_as(a, in, question);
  Json items(json_array());
  for (const protocol::GrantInfo& grant : found.grants) append(items, grant_object(grant).take());
  co_return json_answer(page_json(std::move(items), found.total, *page));
}

// The one that the path names; kNotFound when it is of the other kind.
Task<protocol::GrantDetail> show(Admin& a, const Incoming& in, GrantKind kind) {
  const std::optional<wire::Id> id = path_id(in);
  if (!id) co_return base::fail(base::Why::kNotFound, "There is no request or grant with this id.");
  protocol::ShowGrant question{.grant = *id};
  protocol::GrantDetail detail = co_await ask_as(a, in, question);
  if (detail.grant.kind != kind)
    co_return base::fail(base::Why::kNotFound, "There is no request or grant with this id.");
  co_return detail;
}

Task<Answered> get(Admin& a, const Incoming& in, GrantKind kind) {
  const protocol::GrantDetail detail = co_await show(a, in, kind);
  co_return json_answer(detail_json(detail));
}

Task<Answered> decide(Admin& a, const Incoming& in, GrantKind kind) {
  Fields fields(in.body.get(), {"action", "sequence", "reason", "private_too"});
  const std::string action = fields.word("action", {"approve", "reject", "revoke"});
  const std::optional<std::int64_t> sequence = fields.optional_number("sequence", 0, INT64_MAX);
  if (!sequence) fields.wrong("sequence", "the sequence that was shown with the request");
  protocol::DecideGrant question;
  question.reason = fields.optional_text("reason", 0, limits::kNotesChars).value_or("");
  question.private_too = fields.optional_boolean("private_too").value_or(false);
  if (action == "reject" && question.reason.empty())
    fields.wrong("reason", "a rejection needs one that the author can act on");
  if (!fields.good()) co_return fields.refusal();
  const protocol::GrantDetail shown = co_await show(a, in, kind);
  question.grant = shown.grant.id;
  question.sequence = static_cast<std::uint64_t>(*sequence);
  question.verdict = *verdict_of(action);
  const protocol::GrantInfo decided = co_await ask_as(a, in, question);
  co_return json_answer(grant_object(decided).take());
}

Task<Answered> forget(Admin& a, const Incoming& in, GrantKind kind) {
  const protocol::GrantDetail shown = co_await show(a, in, kind);
  protocol::DecideGrant question{.grant = shown.grant.id, .sequence = shown.grant.sequence};
  question.verdict = GrantVerdict::kDelete;
  const protocol::GrantInfo gone = co_await ask_as(a, in, question);
  static_cast<void>(gone);
  co_return no_content();
}

Task<> decide_chosen(Admin& a, const Incoming& in, const Chosen& one) {
  const json_t* sequence = json_object_get(one.shown, "sequence");
  if (!json_is_integer(sequence))
    co_return base::fail(base::Why::kInvalid, "sequence must be the number that was shown");
  protocol::DecideGrant question{.grant = one.id};
  question.sequence = static_cast<std::uint64_t>(json_integer_value(sequence));
  question.verdict = *verdict_of(one.action);
  question.reason = one.reason;
  const protocol::GrantInfo decided = co_await ask_as(a, in, question);
  static_cast<void>(decided);
  co_return Nothing{};
}

// The names of HTTP methods, as bits; a problem for any other.
policy::Methods methods_in(Fields& fields, const json_t* body) {
  policy::Methods all = 0;
  const json_t* names = json_object_get(body, "methods");
  if (names == nullptr) return all;
  bool good = json_is_array(names);
  for (std::size_t i = 0; i < json_array_size(names); ++i) {
    const std::optional<policy::Methods> one = policy::method_of(http::text_of(json_array_get(names, i)));
    good = good && one;
    all = static_cast<policy::Methods>(all | one.value_or(0));
  }
  if (!good) fields.wrong("methods", "a list of HTTP methods in capitals; empty for any");
  return all;
}

}  // namespace

Task<Answered> on_list_hosts(Admin& a, const Incoming& in) { return list(a, in, GrantKind::kHost); }
Task<Answered> on_get_host(Admin& a, const Incoming& in) { return get(a, in, GrantKind::kHost); }
Task<Answered> on_decide_host(Admin& a, const Incoming& in) { return decide(a, in, GrantKind::kHost); }
Task<Answered> on_forget_host(Admin& a, const Incoming& in) { return forget(a, in, GrantKind::kHost); }
Task<Answered> on_list_module_requests(Admin& a, const Incoming& in) {
  return list(a, in, GrantKind::kModule);
}
Task<Answered> on_get_module_request(Admin& a, const Incoming& in) { return get(a, in, GrantKind::kModule); }
Task<Answered> on_decide_module(Admin& a, const Incoming& in) { return decide(a, in, GrantKind::kModule); }
Task<Answered> on_forget_module(Admin& a, const Incoming& in) { return forget(a, in, GrantKind::kModule); }
Task<Answered> on_decide_grants(Admin& a, const Incoming& in) {
  return decide_each(in, "requests", "sequence",
                     [&a, &in](const Chosen& one) { return decide_chosen(a, in, one); });
}

Task<Answered> on_add_host(Admin& a, const Incoming& in) {
  const std::optional<wire::Id> server = path_id(in);
  if (!server) co_return no_such("server");
  Fields fields(in.body.get(), {"host", "port", "methods", "path", "private_too", "justification"});
  protocol::AddHost question;
  question.host = fields.text("host", 1, 2 * limits::kHostBytes);
  question.port = static_cast<std::uint16_t>(fields.optional_number("port", 1, 65535).value_or(0));
  question.methods = methods_in(fields, in.body.get());
  question.path = fields.optional_text("path", 0, limits::kHostPathBytes).value_or("");
  question.private_too = fields.optional_boolean("private_too").value_or(false);
  question.justification = fields.optional_text("justification", 0, limits::kNotesChars).value_or("");
  question.server = server_words(*server);
  if (!fields.good()) co_return fields.refusal();
  const protocol::GrantDetail added = co_await ask_as(a, in, question);
  co_return json_answer(detail_json(added), 201);
}

Task<Answered> on_list_modules(Admin& a, const Incoming& in) {
  const std::optional<Page> page = page_of(in.query, limits::kPageMax);
  if (!page) co_return page_problem();
  protocol::ListModules question{.page = page->page, .page_size = page->size};
  const protocol::ModulePage found = co_await ask_as(a, in, question);
  Json items(json_array());
  for (const protocol::ModuleInfo& module : found.modules) {
    Object one;
    one.text("module_name", module.name).boolean("default", module.by_default);
    one.boolean("is_installed", module.installed);
    append(items, one.boolean("is_stdlib", policy::is_standard_library(module.name)).take());
  }
  co_return json_answer(page_json(std::move(items), found.total, *page));
}

Task<Answered> on_add_module(Admin& a, const Incoming& in) {
  Fields fields(in.body.get(), {"module_name", "justification"});
  protocol::AddModule question;
  question.module = fields.text("module_name", 1, limits::kModulePathBytes);
  question.justification = fields.optional_text("justification", 0, limits::kNotesChars).value_or("");
  if (!fields.good()) co_return fields.refusal();
  const protocol::GrantDetail added = co_await ask_as(a, in, question);
  co_return json_answer(detail_json(added), 201);
}

}  // namespace mcpbox::admin
