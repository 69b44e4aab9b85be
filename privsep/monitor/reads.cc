// Runs in the monitor.  Parses nothing: the JSON is PostgreSQL's, and goes to whoever may ask for it.
#include "privsep/monitor/reads.h"

#include "privsep/monitor/monitor.h"
#include "privsep/monitor/sql_reads.h"

namespace mcpbox::monitor {

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
  }
  PANIC("a query without a statement");
}

Statement statement_of(const protocol::AdminRead& question) {
  if (question.query == protocol::AdminQuery::kExplain)
    return {.sql = &sql::kExplain, .params = {Param::text(question.tool)}};
  return {.sql = &sql::kPending,
          .params = {Param::integer(question.page_size), Param::integer(question.page)}};
}

Statement statement_of(const protocol::ReadLogs& question, const std::string& caller) {
  const auto text_or_null = [](const std::string& value) {
    return value.empty() ? Param::null() : Param::text(value);
  };
  return {.sql = &sql::kLogs,
          .params = {text_or_null(caller), text_or_null(question.tool), Param::integer(question.page_size),
                     Param::integer(question.page)}};
}

loop::Task<protocol::JsonText> read_json(Monitor& m, Statement statement) {
  Rows rows = co_await m.store.query(std::move(statement));
  if (rows.rows.empty() || rows.rows[0].empty() || !rows.rows[0][0])
    co_return base::fail(base::Why::kNotFound, "there is nothing with this id");
  co_return protocol::JsonText{.json = std::move(*rows.rows[0][0])};
}

}  // namespace mcpbox::monitor
