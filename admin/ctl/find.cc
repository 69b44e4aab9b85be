// Runs in mcpboxctl.  Rows come from PostgreSQL through the monitor unread: treated as anybody's text.
#include "admin/ctl/find.h"

#include <array>
#include <ctime>
#include <optional>

#include "admin/ctl/grant_text.h"
#include "admin/ctl/output.h"
#include "privsep/base/visible.h"

namespace mcpbox::ctl {

using base::visible;
using base::Why;

Answer<Json> read_json(Connection& monitor, protocol::AdminRead& question) {
  const Answer<protocol::JsonText> answer = monitor.ask(question);
  if (!answer) return std::unexpected(answer.error());
  Json json = parse_json(answer->json);
  if (!json) return std::unexpected(Failure{Why::kBroken, "the answer is not JSON", true});
  return json;
}

Exit show_rows(const Options& options, Connection& monitor, protocol::AdminRead& question,
               std::string (*text)(const json_t* answer, std::size_t width)) {
  const Answer<Json> json = read_json(monitor, question);
  if (!json) return report(json.error());
  print(options.json ? json_text(json->get()) : text(json->get(), output_width()));
  return Exit::kOk;
}

Answer<wire::Id> find_server(Connection& monitor, const std::string& name) {
  protocol::AdminRead question{.query = protocol::AdminQuery::kServers,
                               .page_size = policy::limits::kPageMax};
  if (name.size() <= policy::limits::kNameBytes) {
    question.search = name;
    for (const json_t* rows = nullptr; question.page == 1 || json_array_size(rows) > 0; ++question.page) {
      const Answer<Json> page = read_json(monitor, question);
      if (!page) return std::unexpected(page.error());
      rows = rows_of(page->get());
      for (std::size_t i = 0; i < json_array_size(rows); ++i) {
        const json_t* row = json_array_get(rows, i);
        const std::optional<wire::Id> id = uuid_from(cell_of(row, "id"));
        if (id && cell_of(row, "name") == name) return *id;
      }
      if (json_array_size(rows) < policy::limits::kPageMax) break;
    }
  }
  return std::unexpected(
      Failure{Why::kNotFound, "there is no server of this name: see `mcpboxctl servers`", true});
}

Answer<protocol::ToolDetail> find_tool(Connection& monitor, const std::string& tool) {
  protocol::ShowTool question{.tool = tool};
  return monitor.ask(question);
}

std::string page_text(const json_t* answer, std::string_view things) {
  return "page " + visible(cell_of(answer, "page")) + " of " + visible(cell_of(answer, "pages")) + ", " +
         visible(cell_of(answer, "total")) + " " + std::string(things);
}

std::string time_text(std::int64_t at_ms) {
  const std::time_t at = at_ms / 1000;
  std::tm utc{};
  std::array<char, 32> text{};
  if (::gmtime_r(&at, &utc) == nullptr) return "";
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

}  // namespace mcpbox::ctl
