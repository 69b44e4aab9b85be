// Runs in the monitor.  Parses nothing: the JSON is PostgreSQL's, and goes to whoever may ask for it.
#include "privsep/monitor/reads.h"

#include <algorithm>

#include "privsep/monitor/monitor.h"
#include "privsep/monitor/sql_admin.h"
#include "privsep/monitor/sql_admin_logs.h"
#include "privsep/monitor/sql_denials.h"
#include "privsep/monitor/sql_logs.h"
#include "privsep/monitor/sql_reads.h"

namespace mcpbox::monitor {

constexpr int kSteps = 48;  // of a course over time

Statement statement_of(const protocol::Read& question) {
  using enum protocol::Query;
  const Param subject = Param::uuid(question.subject);
  const Param size = Param::integer(question.page_size);
  const Param page = Param::integer(question.page);
  switch (question.query) {
    case kListServers:
      return {.sql = &sql::kListServers, .params = {size, page}};
    case kGetServer:
      return {.sql = &sql::kGetServer, .params = {subject}};
    case kListTools:
      return {.sql = &sql::kListTools, .params = {subject, size, page}};
    case kGetTool:
      return {.sql = &sql::kGetTool, .params = {subject}};
    case kGetToolStatus:
      return {.sql = &sql::kGetToolStatus, .params = {subject}};
    case kGetToolLogs:
      return {.sql = &sql::kGetToolLogs, .params = {subject, size, page}};
    case kPendingTools:
      return {.sql = &sql::kPendingTools, .params = {size, page}};
    case kListVersions:
      return {.sql = &sql::kListVersions, .params = {subject, size, page}};
    case kGetVersion:
      return {.sql = &sql::kGetVersion, .params = {subject, Param::integer(question.number)}};
  }
  PANIC("a query without a statement");
}

Statement statement_of(Catalogue& catalogue, const protocol::AdminRead& question, std::int64_t now_ms) {
  using enum protocol::AdminQuery;
  wire::Id about = question.subject;
  const Tool* named = catalogue.find_tool(std::string_view(question.tool));
  // Of calls the name may be a part of one.
  if (about == wire::Id{} && named != nullptr && question.query != kExecutions) about = named->id;
  const bool of_tool = catalogue.find_tool(about) != nullptr;
  const Param subject = about == wire::Id{} ? Param::null() : Param::uuid(about);
  const Param search = Param::text(question.search);
  const Param filter = Param::text(question.filter);
  const Param size = Param::integer(question.page_size);
  const Param page = Param::integer(question.page);
  const Param number = Param::integer(question.number);
  const Param most = Param::integer(policy::limits::kCountedRows);
  const std::int64_t hours = std::clamp<std::int64_t>(question.number, 1, policy::limits::kStatsHoursMax);
  switch (question.query) {
    case kPending:
      return {.sql = &sql::kPending, .params = {size, page}};
    case kExplain:
      return {.sql = &sql::kExplain, .params = {Param::text(question.tool)}};
    case kServers:
      return {.sql = &sql::kApiServers, .params = {search, size, page}};
    case kServer:
      return {.sql = &sql::kGetServer, .params = {subject}};
    case kTools:
      return {.sql = &sql::kApiTools, .params = {subject, size, page}};
    case kTool:
      return {.sql = &sql::kApiTool, .params = {subject}};
    case kVersions:
      return {.sql = &sql::kApiVersions, .params = {subject, size, page}};
    case kVersion:
      return {.sql = &sql::kApiVersion, .params = {subject, number}};
    case kReviews:
      return {.sql = &sql::kApiReviews, .params = {filter, search, size, page}};
    case kReviewStats:
      return {.sql = &sql::kApiReviewStats, .params = {}};
    case kExecutions:
      return {.sql = &sql::kApiExecutions,
              .params = {Param::text(question.tool), of_tool ? Param::null() : subject,
                         of_tool ? subject : Param::null(), filter, Param::text(question.who),
                         question.search.empty() ? Param::null() : search, size, page, most}};
    case kExecution:
      return {.sql = &sql::kApiExecution, .params = {subject}};
    case kExecutionStats:
      return {.sql = &sql::kStats,
              .params = {Param::integer(now_ms - hours * 3'600'000), Param::integer(hours), most}};
    case kAudit:
      if (question.number != 0) return {.sql = &sql::kApiActivity, .params = {number, size}};
      return {.sql = &sql::kApiAudit, .params = {filter, subject, size, page, most}};
    case kDashboard:
      return {.sql = &sql::kApiDashboard, .params = {number, Param::integer(kSteps), most}};
    case kDenied:
      return {.sql = &sql::kDenied, .params = {subject, size, page, search}};
    case kReviewRequest:
      return {.sql = &sql::kApiReviewRequest, .params = {subject}};
    case kAdmins:
      return {.sql = &sql::kApiAdmins, .params = {size, page}};
  }
  PANIC("a query without a statement");
}

Statement statement_of(const protocol::ReadLogs& question, const std::string& caller) {
  const auto text_or_null = [](const std::string& value) {
    return value.empty() ? Param::null() : Param::text(value);
  };
  const auto time_or_null = [](std::int64_t ms) { return ms == 0 ? Param::null() : Param::integer(ms); };
  // Whoever may not decide sees their own calls, whatever they ask for.
  return {.sql = &sql::kLogs,
          .params = {text_or_null(caller.empty() ? std::string(question.caller) : caller),
                     text_or_null(question.tool), Param::integer(question.page_size),
                     Param::integer(question.page), text_or_null(question.server), text_or_null(question.end),
                     text_or_null(question.search), time_or_null(question.since_ms),
                     time_or_null(question.until_ms), Param::integer(policy::limits::kCountedRows)}};
}

loop::Task<protocol::JsonText> read_json(Monitor& m, Statement statement) {
  Rows rows = co_await m.store.query(std::move(statement));
  if (rows.rows.empty() || rows.rows[0].empty() || !rows.rows[0][0])
    co_return base::fail(base::Why::kNotFound, "there is nothing with this id");
  co_return protocol::JsonText{.json = std::move(*rows.rows[0][0])};
}

}  // namespace mcpbox::monitor
