// Runs in mcpboxctl.  Rows come from PostgreSQL through the monitor unread: treated as anybody's text.
#include "admin/ctl/find.h"

#include <optional>

#include "admin/ctl/grant_text.h"
#include "admin/ctl/output.h"
#include "privsep/base/visible.h"

namespace mcpbox::ctl {

using base::visible;
using base::Why;

Answer<Json> json_from(const Answer<protocol::JsonText>& answer) {
  if (!answer) return std::unexpected(answer.error());
  Json json = parse_json(answer->json);
  if (!json) return std::unexpected(Failure{Why::kBroken, "the answer is not JSON", true});
  return json;
}

Exit show_rows(const Options& options, const Answer<protocol::JsonText>& answer, RowsText text) {
  const Answer<Json> json = json_from(answer);
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
      const Answer<Json> page = json_from(monitor.ask(question));
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

}  // namespace mcpbox::ctl
