// Runs in admin.  Trusts no row: whatever the database holds, what leaves here is one JSON value.
#include "admin/reads.h"

#include <charconv>

#include "admin/routes.h"
#include "privsep/http/ids.h"
#include "privsep/http/json_check.h"

namespace mcpbox::admin {

namespace limits = policy::limits;
using protocol::AdminQuery;
using protocol::AdminRead;

Task<Answered> read(Admin& a, const Incoming& in, AdminRead question, int status) {
  protocol::JsonText answer = co_await ask_as(a, in, question);
  if (check_json(answer.json, JsonUse::kRead) != JsonKind::kObject)
    co_return base::fail(base::Why::kBroken, "the database's answer is not JSON");
  co_return Response{.status = status, .body = std::move(answer.json)};
}

constexpr std::size_t kSearchMost = 200;

std::string search_of(const Incoming& in) {
  return fitting(in.query.find("search").value_or(""), kSearchMost);
}

bool take_page(const Incoming& in, AdminRead& question, std::uint32_t standard) {
  const std::optional<Page> page = page_of(in.query, standard);
  if (!page) return false;
  question.page = page->page;
  question.page_size = page->size;
  question.search = search_of(in);
  return true;
}

Response page_problem() { return problem(422, "page begins at 1 and page_size is 1 to 100."); }

std::optional<wire::Id> path_id(const Incoming& in) { return id_of(in.path[0]); }

Response no_such(std::string_view what) {
  return problem(404, "There is no " + std::string(what) + " with this id.");
}

Task<Answered> read_one(Admin& a, const Incoming& in, AdminQuery query, const char* what) {
  const std::optional<wire::Id> id = path_id(in);
  if (!id) co_return no_such(what);
  AdminRead question{.query = query, .subject = *id};
  const base::Result<Answered> found = co_await attempt(read(a, in, std::move(question)));
  if (!found && found.error().why == base::Why::kNotFound) co_return no_such(what);
  co_return found;
}

Task<Answered> read_page_of(Admin& a, const Incoming& in, AdminQuery query, const char* what) {
  const std::optional<wire::Id> id = path_id(in);
  AdminRead question{.query = query, .subject = id.value_or(wire::Id{})};
  if (!take_page(in, question, limits::kPageDefault)) co_return page_problem();
  if (!id) co_return no_such(what);
  const base::Result<Answered> found = co_await attempt(read(a, in, std::move(question)));
  if (!found && found.error().why == base::Why::kNotFound) co_return no_such(what);
  co_return found;
}

namespace {

constexpr std::uint32_t kFew = 20;  // items of a page of heavy rows, when not named

Task<Answered> executions(Admin& a, const Incoming& in, wire::Id subject) {
  AdminRead question{.query = AdminQuery::kExecutions, .subject = subject};
  if (!take_page(in, question, kFew)) co_return page_problem();
  const std::string outcome = in.query.find("outcome").value_or("");
  if (!outcome.empty() && outcome != "success" && outcome != "failed" && outcome != "test")
    co_return problem(422, "outcome is success, failed or test.");
  question.filter = outcome;
  question.who = fitting(in.query.find("executed_by").value_or(""), 128);
  question.tool = fitting(in.query.find("search").value_or(""), limits::kPublishedNameBytes);
  question.search = fitting(in.query.find("words").value_or(""), kSearchMost);
  Answered answer = co_await read(a, in, std::move(question));
  co_return answer;
}

}  // namespace

Task<Answered> on_list_servers(Admin& a, const Incoming& in) {
  AdminRead question{.query = AdminQuery::kServers};
  if (!take_page(in, question, limits::kPageDefault)) co_return page_problem();
  Answered answer = co_await read(a, in, std::move(question));
  co_return answer;
}

Task<Answered> on_get_server(Admin& a, const Incoming& in) {
  return read_one(a, in, AdminQuery::kServer, "server");
}
Task<Answered> on_list_tools(Admin& a, const Incoming& in) {
  return read_page_of(a, in, AdminQuery::kTools, "server");
}
Task<Answered> on_get_tool(Admin& a, const Incoming& in) {
  return read_one(a, in, AdminQuery::kTool, "tool");
}
Task<Answered> on_list_reviews(Admin& a, const Incoming& in) {
  AdminRead question{.query = AdminQuery::kReviews};
  if (!take_page(in, question, kFew)) co_return page_problem();
  const std::string status = in.query.find("status").value_or("pending_review");
  if (status != "pending_review" && status != "approved" && status != "rejected" && status != "draft" &&
      status != "all")
    co_return problem(422, "status is pending_review, approved, rejected, draft or all.");
  question.filter = status;
  Answered answer = co_await read(a, in, std::move(question));
  co_return answer;
}

Task<Answered> on_list_admins(Admin& a, const Incoming& in) {
  AdminRead question{.query = AdminQuery::kAdmins};
  if (!take_page(in, question, limits::kPageDefault)) co_return page_problem();
  Answered answer = co_await read(a, in, std::move(question));
  co_return answer;
}
Task<Answered> on_get_execution(Admin& a, const Incoming& in) {
  return read_one(a, in, AdminQuery::kExecution, "call");
}

Task<Answered> on_server_executions(Admin& a, const Incoming& in) {
  const std::optional<wire::Id> id = path_id(in);
  if (!id) co_return no_such("server");
  Answered answer = co_await executions(a, in, *id);
  co_return answer;
}

Task<Answered> on_tool_executions(Admin& a, const Incoming& in) {
  const std::optional<wire::Id> id = path_id(in);
  if (!id) co_return no_such("tool");
  Answered answer = co_await executions(a, in, *id);
  co_return answer;
}

Task<Answered> on_list_executions(Admin& a, const Incoming& in) {
  const std::optional<std::string> server = in.query.find("server_id");
  const std::optional<wire::Id> id = server ? id_of(*server) : wire::Id{};
  if (!id) co_return problem(422, "server_id is a UUID.");
  Answered answer = co_await executions(a, in, *id);
  co_return answer;
}

Task<Answered> on_execution_stats(Admin& a, const Incoming& in) {
  const std::string text = in.query.find("period_hours").value_or("24");
  std::int32_t hours = 0;
  std::from_chars(text.data(), text.data() + text.size(), hours);
  if (hours < 1 || hours > 8760) co_return problem(422, "period_hours is 1 to 8760.");
  AdminRead question{.query = AdminQuery::kExecutionStats, .number = hours};
  Answered answer = co_await read(a, in, std::move(question));
  co_return answer;
}

Task<Answered> on_audit(Admin& a, const Incoming& in) {
  AdminRead question{.query = AdminQuery::kAudit};
  if (!take_page(in, question, limits::kPageDefault)) co_return page_problem();
  const std::optional<std::string> subject = in.query.find("subject");
  const std::optional<wire::Id> id = subject ? id_of(*subject) : wire::Id{};
  if (!id) co_return problem(422, "subject is a UUID.");
  question.subject = *id;
  question.filter = fitting(in.query.find("action").value_or(""), 32);
  Answered answer = co_await read(a, in, std::move(question));
  co_return answer;
}

Task<Answered> on_dashboard(Admin& a, const Incoming& in) {
  constexpr std::pair<std::string_view, std::int64_t> kPeriods[] = {
      {"1h", 3600}, {"6h", 6 * 3600}, {"24h", 24 * 3600}, {"7d", 7 * 24 * 3600}};
  const std::string period = in.query.find("period").value_or("24h");
  for (const auto& [name, seconds] : kPeriods) {
    if (name != period) continue;
    AdminRead question{.query = AdminQuery::kDashboard, .number = seconds};
    Answered answer = co_await read(a, in, std::move(question));
    co_return answer;
  }
  co_return problem(422, "period is 1h, 6h, 24h or 7d.");
}

}  // namespace mcpbox::admin
