// Runs in mcpboxctl: statistics of the log, and what happens now.
#include <string>

#include "admin/ctl/columns.h"
#include "admin/ctl/commands.h"
#include "admin/ctl/find.h"
#include "admin/ctl/json.h"
#include "admin/ctl/output.h"
#include "admin/ctl/rights.h"
#include "admin/metrics/text.h"
#include "privsep/audit/actions.h"
#include "privsep/base/visible.h"

namespace mcpbox::ctl {
namespace {

using base::visible;

std::string stats_text(const json_t* stats, std::size_t width) {
  const std::string more = cell_of(stats, "capped") == "yes" ? "more than " : "";
  std::string text =
      more + visible(cell_of(stats, "total_executions")) + " calls in " +
      visible(cell_of(stats, "period_hours")) + " hours, " + visible(cell_of(stats, "failed")) + " failed; " +
      visible(cell_of(stats, "unique_tools")) + " tools, " + visible(cell_of(stats, "unique_users")) +
      " callers; on average " + visible(cell_of(stats, "avg_duration_ms")) + " ms, and " +
      visible(cell_of(stats, "avg_queue_ms")) + " ms in the queue\n";
  Columns table({"TOOL", "CALLS", "FAILED", "MS"});
  const json_t* rows = json_object_get(stats, "top_tools");
  for (std::size_t i = 0; i < json_array_size(rows); ++i) {
    const json_t* row = json_array_get(rows, i);
    table.row({cell_of(row, "server_name") + "__" + cell_of(row, "tool_name"), cell_of(row, "invocations"),
               cell_of(row, "failed"), cell_of(row, "avg_duration_ms")});
  }
  return table.empty() ? text : text + "\n" + table.text(width);
}

std::string line_of(const protocol::ActivityEvent& event) {
  std::string line = std::to_string(event.number) + " " + std::string(audit::name_of_kind(event.kind)) +
                     ": " + visible(event.action) + " by " + visible(event.actor);
  if (!event.subject.empty()) line += " on " + visible(event.subject);
  if (event.value != 0) line += " (" + std::to_string(event.value) + ")";
  if (!event.says.empty()) line += ": " + visible(event.says);
  return line + "\n";
}

std::string event_json(const protocol::ActivityEvent& event) {
  const std::string_view call(reinterpret_cast<const char*>(event.call.data()), event.call.size());
  std::string hex;
  for (const char byte : call) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    hex += kDigits[static_cast<unsigned char>(byte) >> 4];
    hex += kDigits[static_cast<unsigned char>(byte) & 15];
  }
  const Json json = Object()
                        .number("number", event.number)
                        .number("at_ms", static_cast<std::uint64_t>(event.at_ms))
                        .text("kind", audit::name_of_kind(event.kind))
                        .text("action", event.action)
                        .text("actor", event.actor)
                        .text("subject", event.subject)
                        .text("call", hex)
                        .text("says", event.says)
                        .take();
  return json_text(json.get());
}

}  // namespace

Exit stats(const Options& options) {
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  protocol::ReadStats question{.period_hours = options.hours};
  return show_rows(options, monitor->ask(question), stats_text);
}

Exit metrics(const Options& options) {
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  protocol::GetMetrics question;
  const Answer<protocol::Metrics> answer = monitor->ask(question);
  if (!answer) return report(answer.error());
  print(mcpbox::metrics::text_of(*answer));
  return Exit::kOk;
}

// Until it is interrupted, or the monitor ends.
Exit activity(const Options& options) {
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  protocol::WatchActivity question{.after = 0, .wait_ms = policy::limits::kActivityWaitMs};
  for (;;) {
    const Answer<protocol::ActivityPage> page = monitor->ask(question);
    if (!page) return report(page.error());
    if (page->missed > 0) complain(std::to_string(page->missed) + " events were missed");
    for (const protocol::ActivityEvent& event : page->events)
      print(options.json ? event_json(event) : line_of(event));
    question.after = page->next;
  }
}

}  // namespace mcpbox::ctl
