// Runs in mcpboxctl.  Rows come from PostgreSQL through the monitor unread: treated as anybody's text.
#include <string>

#include "admin/ctl/columns.h"
#include "admin/ctl/commands.h"
#include "admin/ctl/find.h"
#include "admin/ctl/json.h"
#include "admin/ctl/output.h"
#include "admin/ctl/rights.h"
#include "policy/hosts.h"
#include "privsep/base/visible.h"

namespace mcpbox::ctl {
namespace {

using base::visible;

constexpr std::size_t kShownDigits = 8;

std::string pending_text(const json_t* answer, std::size_t width) {
  Columns table({"TOOL", "VERSION", "DIGEST", "BY", "SINCE", "NOTES (unchecked)"});
  const json_t* rows = rows_of(answer);
  for (std::size_t i = 0; i < json_array_size(rows); ++i) {
    const json_t* row = json_array_get(rows, i);
    table.row({cell_of(row, "tool"), cell_of(row, "version"), cell_of(row, "digest").substr(0, kShownDigits),
               cell_of(row, "created_by"), cell_of(row, "requested_at"), cell_of(row, "notes")});
  }
  if (table.empty()) return "Nothing waits for review.\n";
  return table.text(width) + page_text(answer, "tools; review one with `mcpboxctl approve TOOL`\n");
}

// A list of texts on one line; "none" when it is empty.
std::string list_of(const json_t* object, const char* key) {
  const json_t* list = json_object_get(object, key);
  std::string text;
  for (std::size_t i = 0; i < json_array_size(list); ++i) {
    const char* item = json_string_value(json_array_get(list, i));
    text.append(text.empty() ? "" : ", ").append(item != nullptr ? item : "?");
  }
  return text.empty() ? "none" : text;
}

std::string fact(std::string_view label, std::string_view value) {
  constexpr std::size_t kLabelColumns = 13;
  return std::string(label) + std::string(kLabelColumns - label.size(), ' ') +
         (value.empty() ? "-" : visible(value)) + "\n";
}

std::string explain_text(const json_t* tool, std::size_t /*width*/) {
  const json_t* decision = json_object_get(tool, "decision");
  const json_t* calls = json_object_get(tool, "calls");
  std::string out = fact("Tool", cell_of(tool, "tool"));
  out += fact("State", cell_of(tool, "approval_status") + ", version " + cell_of(tool, "version"));
  out += fact("Enabled", cell_of(tool, "enabled"));
  out += fact("Server", cell_of(tool, "server_name") + ", " + cell_of(tool, "server_status"));
  out += fact("Digest", cell_of(tool, "digest"));
  out += fact("Written by", cell_of(tool, "created_by"));
  if (json_is_object(decision)) {
    out += fact("Decision", cell_of(decision, "state") + " by " + cell_of(decision, "by") + " at " +
                                cell_of(decision, "at") + ", audit record " +
                                cell_of(decision, "audit_sequence"));
    out += fact("  of digest", cell_of(decision, "digest"));
    out += fact("  because", cell_of(decision, "reason"));
  } else {
    out += fact("Decision", "none yet");
  }
  out += fact("Hosts", list_of(tool, "hosts")) + fact("Secrets", list_of(tool, "secrets"));
  out += fact("Modules", list_of(tool, "modules"));
  out += fact("Was refused", list_of(tool, "denied"));
  out += fact("Last used", cell_of(tool, "last_used_at") + " " + cell_of(tool, "last_end"));
  return out + fact("Calls", cell_of(calls, "total") + ", failed " + cell_of(calls, "failed"));
}

// A host as egress writes it: nothing that a shell would read as more than a word.
bool is_plain_host(std::string_view host) {
  return !host.empty() && host.front() != '-' &&
         host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.:-_") == std::string_view::npos;
}

// What would allow it, for a person to type.
std::string allowing(const json_t* row) {
  const std::string host = cell_of(row, "host");
  if (!is_plain_host(host)) return "-";
  std::string command =
      "mcpboxctl network add " + cell_of(row, "server_name") + " " + host + " --port " + cell_of(row, "port");
  const bool in_spite = json_is_true(json_object_get(row, "approved"));  // refused for its address
  return in_spite || policy::may_be_private(host) ? command + " --private" : command;
}

std::string denied_text(const json_t* answer, std::size_t width) {
  Columns table({"TOOL", "HOST", "PORT", "TIMES", "LAST", "TO ALLOW IT"});
  const json_t* rows = rows_of(answer);
  for (std::size_t i = 0; i < json_array_size(rows); ++i) {
    const json_t* row = json_array_get(rows, i);
    table.row({cell_of(row, "tool"), cell_of(row, "host"), cell_of(row, "port"), cell_of(row, "times"),
               cell_of(row, "last_at"), allowing(row)});
  }
  if (table.empty()) return "No tool was refused a connection that is not approved since.\n";
  return table.text(width) + "page " + visible(cell_of(answer, "page")) + " of " +
         visible(cell_of(answer, "pages")) +
         "; a tool may have been told what to try: allow what you know, and nothing else\n";
}

Exit read(const Options& options, protocol::AdminRead& question, RowsText text) {
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  return show_rows(options, monitor->ask(question), text);
}

}  // namespace

Exit pending(const Options& options) {
  protocol::AdminRead question{.query = protocol::AdminQuery::kPending, .page = options.page};
  return read(options, question, pending_text);
}

Exit denied(const Options& options) {
  protocol::AdminRead question{.query = protocol::AdminQuery::kDenied, .page = options.page};
  if (options.words.size() > 2) question.search = std::string_view(options.words[2]);
  return read(options, question, denied_text);
}

Exit explain(const Options& options) {
  protocol::AdminRead question{.query = protocol::AdminQuery::kExplain, .tool = options.words[1]};
  return read(options, question, explain_text);
}

}  // namespace mcpbox::ctl
