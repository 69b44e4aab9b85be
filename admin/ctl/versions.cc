// Runs in mcpboxctl.  Versions hold what authors wrote: shown through visible(), compared here and not in the
// monitor.
#include <algorithm>
#include <charconv>

#include "admin/ctl/columns.h"
#include "admin/ctl/commands.h"
#include "admin/ctl/find.h"
#include "admin/ctl/json.h"
#include "admin/ctl/output.h"
#include "admin/ctl/rights.h"
#include "admin/ctl/tool_text.h"
#include "privsep/base/text_diff.h"
#include "privsep/base/visible.h"
#include "privsep/protocol/tool_content.h"

namespace mcpbox::ctl {
namespace {

using base::visible;

std::string versions_text(const json_t* list, std::size_t width) {
  Columns table({"VERSION", "DIGEST", "APPROVAL", "AUTHOR", "WHEN", "CHANGE"});
  std::size_t i = 0;
  json_t* version = nullptr;
  json_array_foreach(json_object_get(list, "items"), i, version) {
    table.row({cell_of(version, "version_number"), cell_of(version, "digest").substr(0, 8),
               cell_of(version, "approval"), cell_of(version, "author"), cell_of(version, "created_at"),
               cell_of(version, "change_summary")});
  }
  return table.text(width);
}

std::optional<std::uint32_t> number_of(std::string_view word) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size() || number == 0) return std::nullopt;
  return number;
}

std::string field(const json_t* version, std::string_view name) {
  const json_t* value = json_object_get(version, std::string(name).c_str());
  if (json_is_string(value)) return std::string(json_string_value(value), json_string_length(value));
  return cell_of(version, std::string(name).c_str());
}

std::string marked_diff(const std::string& diff) {
  std::string out;
  for (std::size_t at = 0; at < diff.size();) {
    const std::size_t end = std::min(diff.find('\n', at), diff.size() - 1) + 1;
    out += "  " + visible(std::string_view(diff).substr(at, end - at), base::Keep::kNewlines);
    at = end;
  }
  return out;
}

}  // namespace

std::string difference_text(const json_t* from, const json_t* to) {
  std::string out;
  for (const std::string_view name : protocol::kFieldNames) {
    const std::string diff = base::unified_diff(field(from, name), field(to, name));
    if (!diff.empty()) out += std::string(name) + "\n" + marked_diff(diff);
  }
  return out.empty() ? "The two are the same in every field that an approval binds.\n" : out;
}

std::string difference_text(const protocol::ToolContent& from, const protocol::ToolContent& to) {
  const auto before = field_texts(from);
  const auto after = field_texts(to);
  std::string out;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const std::string diff = base::unified_diff(before[i], after[i]);
    if (!diff.empty()) out += std::string(protocol::kFieldNames[i]) + "\n" + marked_diff(diff);
  }
  return out;
}

Exit versions(const Options& options) {
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  protocol::AdminRead question{
      .query = protocol::AdminQuery::kVersions, .tool = options.words[1], .page = options.page};
  return show_rows(options, monitor->ask(question), versions_text);
}

Exit diff(const Options& options) {
  const std::optional<std::uint32_t> from = number_of(options.words[2]);
  const std::optional<std::uint32_t> to = number_of(options.words[3]);
  if (!from || !to) {
    complain("use: mcpboxctl diff TOOL FROM TO, two version numbers as `mcpboxctl versions TOOL` shows them");
    return Exit::kUsage;
  }
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  protocol::AdminRead question{
      .query = protocol::AdminQuery::kVersion, .tool = options.words[1], .number = *from};
  const Answer<Json> before = json_from(monitor->ask(question));
  if (!before) return report(before.error());
  question.number = *to;
  const Answer<Json> after = json_from(monitor->ask(question));
  if (!after) return report(after.error());
  print(difference_text(before->get(), after->get()));
  return Exit::kOk;
}

Exit rollback(const Options& options) {
  const std::optional<std::uint32_t> version = number_of(options.words[2]);
  if (!version) {
    complain("use: mcpboxctl rollback TOOL VERSION, a number as `mcpboxctl versions TOOL` shows it");
    return Exit::kUsage;
  }
  std::expected<Connection, Exit> monitor = open_to_decide(options);
  if (!monitor) return monitor.error();
  const Answer<protocol::ToolDetail> tool = find_tool(*monitor, options.words[1]);
  if (!tool) return report(tool.error());
  protocol::RollbackTool order{.tool = tool->id, .version = *version};
  const Answer<protocol::ToolSaved> saved = monitor->ask(order);
  if (!saved) return report(saved.error());
  print("Rolled " + visible(options.words[1]) + " back to version " + std::to_string(*version) +
        ", as version " + std::to_string(saved->version) + ": " + std::string(name_of(saved->approval)) +
        (saved->enabled ? "\n" : ", disabled\n"));
  return Exit::kOk;
}

}  // namespace mcpbox::ctl
