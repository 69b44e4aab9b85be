// Runs in mcpboxctl.  Log rows are the most hostile text there is: what tools printed and raised.
#include <string>

#include "admin/ctl/columns.h"
#include "admin/ctl/commands.h"
#include "admin/ctl/find.h"
#include "admin/ctl/json.h"
#include "admin/ctl/output.h"
#include "privsep/base/visible.h"

namespace mcpbox::ctl {
namespace {

using base::visible;

constexpr std::size_t kIdDigits = 8;

// What a person looks for first: the error, else the result.
std::string gist(const json_t* row) {
  const std::string error = cell_of(row, "error");
  return error.empty() ? cell_of(row, "result") : error;
}

// Requests to the network that went out, and those that were refused.
std::string network_of(const json_t* row) {
  const std::string made = cell_of(row, "egress_requests");
  const std::string denied = cell_of(row, "egress_denied");
  return denied.empty() || denied == "0" ? made : made + ", " + denied + " denied";
}

std::string logs_text(const json_t* answer, std::size_t width) {
  Columns table({"WHEN", "CALL", "TOOL", "END", "MS", "NET", "BY", "CLIENT", "TEST", "RESULT OR ERROR"});
  const json_t* rows = rows_of(answer);
  for (std::size_t i = 0; i < json_array_size(rows); ++i) {
    const json_t* row = json_array_get(rows, i);
    table.row({cell_of(row, "created_at"), cell_of(row, "id").substr(0, kIdDigits), cell_of(row, "tool"),
               cell_of(row, "end"), cell_of(row, "duration_ms"), network_of(row), cell_of(row, "executed_by"),
               cell_of(row, "client"), cell_of(row, "is_test"), gist(row)});
  }
  if (table.empty()) return "No calls.\n";
  return table.text(width) + "page " + visible(cell_of(answer, "page")) + " of " +
         visible(cell_of(answer, "pages")) + ", " + (cell_of(answer, "capped") == "yes" ? "more than " : "") +
         visible(cell_of(answer, "total")) + " calls; --json shows arguments and output\n";
}

}  // namespace

Exit logs(const Options& options) {
  Answer<Connection> monitor = Connection::open(socket_path(options));
  if (!monitor) return report(monitor.error());
  protocol::ReadLogs question{.page = options.page,
                              .server = options.server,
                              .end = options.end,
                              .caller = options.caller,
                              .search = options.search,
                              .since_ms = options.since_ms,
                              .until_ms = options.until_ms};
  if (options.words.size() > 1) question.tool = options.words[1];
  return show_rows(options, monitor->ask(question), logs_text);
}

}  // namespace mcpbox::ctl
