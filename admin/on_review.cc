// Runs in admin: everything that an approval of a tool binds, and what a reviewer is told beside it.  The
// tool, what was approved before and what it may reach are the monitor's answer; `requested` is a row, and
// only told.
#include "admin/reads.h"
#include "admin/review/changes.h"
#include "admin/routes.h"
#include "admin/shapes.h"
#include "privsep/http/ids.h"

namespace mcpbox::admin {
namespace {

Json strings(const std::vector<std::string_view>& lines) {
  Json list(json_array());
  for (const std::string_view line : lines) append(list, Json(json_stringn(line.data(), line.size())));
  return list;
}

Json uses_json(const std::vector<review::Use>& uses) {
  Json list(json_array());
  for (const review::Use& use : uses)
    append(list, Object().text("use", use.what).text("name", use.name).take());
  return list;
}

// The fields that the author sets, under the names of a version.
void put_content(Object& into, const protocol::ToolContent& tool) {
  into.text("kind", protocol::kind_text(tool.kind))
      .text("name", tool.name)
      .text("description", tool.description);
  into.text("python_code", tool.code).text("input_schema", tool.input_schema);
  into.text("output_schema", tool.output_schema).text("annotations", tool.annotations);
  into.text("icons", tool.icons).text("headers", tool.headers).text("uri_template", tool.uri_template);
  into.number("timeout_ms", tool.timeout_ms);
}

// What was approved last: the tool as it is, or as it was.  Null when nobody approved it.
Json approved_json(const protocol::ToolDetail& tool) {
  const bool as_it_is = tool.approval == protocol::Approval::kApproved;
  if (!as_it_is && !tool.approved_before) return Json(json_null());
  const protocol::ToolContent& content = as_it_is ? tool : *tool.approved_before;
  Object approved;
  put_content(approved, content);
  approved.number("version_number", as_it_is ? tool.version : tool.version_before);
  approved.text("digest", hex_of(as_it_is ? tool.digest : tool.digest_before));
  approved.text("approved_by", tool.approved_by).text("approved_at", time_text(tool.approved_at_ms));
  return approved.take();
}

void put_capabilities(Object& into, const protocol::ToolDetail& tool) {
  const std::vector<std::string_view> now = review::lines_of(tool.capabilities);
  into.json("capabilities", strings(now)).text("capabilities_digest", hex_of(tool.capabilities_digest));
  if (!tool.capabilities_before) {
    into.null("capability_changes");
    return;
  }
  const auto [added, removed] = review::changes(review::lines_of(*tool.capabilities_before), now);
  Object changes;
  changes.json("added", strings(added)).json("removed", strings(removed));
  into.json("capability_changes", changes.take());
}

// Null where there is nothing to compare with, or one of the two could not be analysed.
Json code_changes(const protocol::ToolDetail& tool, const json_t* analysis) {
  const Json before = tool.analysis_before.empty() ? nullptr : parse_object(tool.analysis_before);
  if (!before || analysis == nullptr) return Json(json_null());
  const auto [added, removed] = review::changes(review::uses_in(before.get()), review::uses_in(analysis));
  Object changes;
  changes.json("added", uses_json(added)).json("removed", uses_json(removed));
  return changes.take();
}

// What was known when the review was asked for; null when nobody asked.
Task<Json> requested(Admin& a, const Incoming& in, wire::Id tool) {
  protocol::AdminRead question{.query = protocol::AdminQuery::kReviewRequest, .subject = tool};
  const base::Result<protocol::JsonText> found = co_await attempt(ask_as(a, in, question));
  if (!found && found.error().why == base::Why::kNotFound) co_return Json(json_null());
  if (!found) co_return std::unexpected(found.error());
  Json request = parse_object(found->json);
  if (!request) co_return base::fail(base::Why::kBroken, "the database's answer is not JSON");
  Json analysis = parse_object(text_of(json_object_get(request.get(), "analysis")));
  json_object_set_new(request.get(), "analysis", analysis ? analysis.release() : json_null());
  co_return request;
}

Task<protocol::ToolDetail> shown(Admin& a, const Incoming& in, wire::Id tool) {
  protocol::ShowTool question{.id = tool};
  protocol::ToolDetail detail = co_await ask_as(a, in, question);
  co_return detail;
}

}  // namespace

Task<Answered> on_get_approved(Admin& a, const Incoming& in) {
  const std::optional<wire::Id> id = path_id(in);
  if (!id) co_return no_such("tool");
  const protocol::ToolDetail tool = co_await shown(a, in, *id);
  Json approved = approved_json(tool);
  if (json_is_null(approved.get())) co_return no_such("approved version");
  co_return json_answer(std::move(approved));
}

Task<Answered> on_review(Admin& a, const Incoming& in) {
  const std::optional<wire::Id> id = path_id(in);
  if (!id) co_return no_such("tool");
  const protocol::ToolDetail tool = co_await shown(a, in, *id);
  Json request = co_await requested(a, in, *id);
  Json analysis = tool.analysis.empty() ? nullptr : parse_object(tool.analysis);
  Object body;
  body.text("id", text_of(tool.id)).text("server_name", tool.server);
  body.text("published_name", tool.server + "__" + tool.name);
  put_content(body, tool);
  body.number("effective_timeout_ms", tool.effective_timeout_ms).number("current_version", tool.version);
  body.boolean("enabled", tool.enabled).text("approval_status", protocol::status_text(tool.approval));
  body.text("digest", hex_of(tool.digest)).text("created_by", tool.created_by);
  body.text("publish_notes", tool.notes).text("rejection_reason", tool.rejection);
  text_or_null(body, "last_draft_run", tool.last_draft_run);
  put_capabilities(body, tool);
  body.json("code_changes", code_changes(tool, analysis.get()));
  body.json("analysis", analysis ? std::move(analysis) : Json(json_null()));
  body.json("approved", approved_json(tool)).json("requested", std::move(request));
  co_return json_answer(body.take());
}

}  // namespace mcpbox::admin
