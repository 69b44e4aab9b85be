// Runs in mcpboxctl: tools, as an admin writes, changes, switches and deletes them.  Code that a person
// writes here is reviewed like any other.
#include <fstream>
#include <iostream>
#include <optional>
#include <string>

#include "admin/ctl/columns.h"
#include "admin/ctl/commands.h"
#include "admin/ctl/find.h"
#include "admin/ctl/grant_text.h"
#include "admin/ctl/order.h"
#include "admin/ctl/tool_text.h"
#include "policy/names.h"
#include "privsep/base/visible.h"

namespace mcpbox::ctl {
namespace {

using base::visible;
namespace limits = policy::limits;

constexpr const char* kUse =
    "use: mcpboxctl tool create SERVER__TOOL --code FILE [--description TEXT] [--timeout MS], tool change "
    "SERVER__TOOL with what changes ([--name NEW] too), tool enable|disable SERVER__TOOL, or tool submit "
    "SERVER__TOOL [--notes TEXT]";

Exit usage(std::string_view text = kUse) {
  complain(text);
  return Exit::kUsage;
}

std::string tools_text(const json_t* answer, std::size_t width) {
  Columns table({"TOOL", "STATUS", "VERSION", "BY", "DESCRIPTION"});
  const json_t* rows = rows_of(answer);
  for (std::size_t i = 0; i < json_array_size(rows); ++i) {
    const json_t* row = json_array_get(rows, i);
    table.row({cell_of(row, "published_name"), cell_of(row, "approval_status"),
               cell_of(row, "current_version"), cell_of(row, "created_by"), cell_of(row, "description")});
  }
  if (table.empty()) return "No tool shows this.\n";
  return table.text(width) + page_text(answer, "tools") + "\n";
}

Exit say(const Options& options, const Answer<protocol::ToolSaved>& saved) {
  if (!saved) return report(saved.error());
  const protocol::CodeReport& code = saved->report;
  if (saved->id == wire::Id{} || (!code.valid && !code.problem.empty())) {
    complain((code.line == 0 ? "" : "line " + std::to_string(code.line) + ": ") + std::string(code.problem) +
             "; nothing was saved");
    return Exit::kRefused;
  }
  const std::string approval(status_text(saved->approval));
  print(options.json ? json_text(Object()
                                     .text("id", uuid_text(saved->id))
                                     .text("name", saved->name)
                                     .number("version", saved->version)
                                     .text("approval", approval)
                                     .flag("changed", saved->changed)
                                     .text("digest", hex_of(saved->digest))
                                     .take()
                                     .get())
                     : visible(options.words[2]) + ": version " + std::to_string(saved->version) + ", " +
                           approval + (saved->changed ? "" : ", as it was") + "\n");
  return Exit::kOk;
}

// The file that --code names; "-" is standard input.
std::expected<std::string, std::string> code_from(const std::string& path) {
  std::ifstream file;
  if (path != "-") {
    file.open(path, std::ios::binary);
    if (!file) return std::unexpected("--code: " + path + " cannot be read");
  }
  std::istream& source = path == "-" ? std::cin : file;
  std::string code(limits::kCodeBytes + 1, '\0');
  source.read(code.data(), static_cast<std::streamsize>(code.size()));
  if (source.bad()) return std::unexpected("--code: " + path + " cannot be read");
  code.resize(static_cast<std::size_t>(source.gcount()));
  if (code.size() > limits::kCodeBytes)
    return std::unexpected("--code: more than " + std::to_string(limits::kCodeBytes) + " bytes");
  return code;
}

// What the options say of the tool, and which fields that is.
struct Wanted {
  protocol::ToolContent content;
  protocol::FieldSet given = 0;
};
std::expected<Wanted, std::string> wanted_from(const Options& options) {
  Wanted wanted;
  if (options.code) {
    std::expected<std::string, std::string> code = code_from(*options.code);
    if (!code) return std::unexpected(code.error());
    wanted.content.code = *code;
    wanted.given |= bit(protocol::Field::kCode);
  }
  if (options.description) {
    wanted.content.description = *options.description;
    wanted.given |= bit(protocol::Field::kDescription);
  }
  if (options.name) {
    wanted.content.name = *options.name;
    wanted.given |= bit(protocol::Field::kName);
  }
  if (options.timeout_ms) {
    wanted.content.timeout_ms = *options.timeout_ms;
    wanted.given |= bit(protocol::Field::kTimeout);
  }
  return wanted;
}

Exit create(const Options& options) {
  const std::optional<policy::PublishedName> parts = policy::split_published_name(options.words[2]);
  if (!parts || !options.code || options.name) return usage();
  const std::expected<Wanted, std::string> wanted = wanted_from(options);
  if (!wanted) return usage(wanted.error());
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  const Answer<wire::Id> server = find_server(*monitor, std::string(parts->server));
  if (!server) return report(server.error());
  protocol::CreateTool order{.server = *server, .content = wanted->content};
  order.content.name = parts->tool;
  return say(options, monitor->ask(order));
}

Exit change(const Options& options, protocol::UpdateTool order) {
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  const Answer<protocol::ToolDetail> tool = find_tool(*monitor, options.words[2]);
  if (!tool) return report(tool.error());
  order.tool = tool->id;
  return say(options, monitor->ask(order));
}

Exit change(const Options& options) {
  const std::expected<Wanted, std::string> wanted = wanted_from(options);
  if (!wanted) return usage(wanted.error());
  if (wanted->given == 0) return usage();
  return change(options, {.given = wanted->given, .content = wanted->content});
}

Exit enable(const Options& options, bool enabled) {
  protocol::UpdateTool order;
  order.enabled = enabled;
  return change(options, std::move(order));
}

Exit submit(const Options& options) {
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  const Answer<protocol::ToolDetail> tool = find_tool(*monitor, options.words[2]);
  if (!tool) return report(tool.error());
  protocol::RequestPublish order{.tool = tool->id, .notes = options.notes.value_or("")};
  return say(options, monitor->ask(order));
}

}  // namespace

Exit tools(const Options& options) {
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  protocol::AdminRead question{.query = protocol::AdminQuery::kReviews, .page = options.page};
  question.filter = std::string_view("all");
  question.search = options.search;
  return show_rows(options, monitor->ask(question), tools_text);
}

Exit tool(const Options& options) {
  const std::string& verb = options.words[1];
  if (verb == "create") return create(options);
  if (verb == "change") return change(options);
  if (verb == "enable" || verb == "disable") return enable(options, verb == "enable");
  if (verb == "submit") return submit(options);
  return usage();
}

Exit remove(const Options& options) {
  protocol::Remove order{.what = options.words[1]};
  return give_order(options, order, Object().text("deleted", options.words[1]),
                    "Deleted " + visible(options.words[1]) + "\n");
}

}  // namespace mcpbox::ctl
