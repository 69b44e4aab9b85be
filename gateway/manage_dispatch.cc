// Runs in the gateways.  Trusts nothing: what is found are published names and opaque schemas; what is called
// is decided by the monitor, and checked once more by the call's own child against the body's inner name. For
// clients that read the list of tools once and never again.
#include <algorithm>
#include <cstddef>

#include "gateway/manage.h"
#include "gateway/methods.h"
#include "privsep/http/ids.h"
#include "privsep/http/json_check.h"

namespace mcpbox::gateway {
namespace {

constexpr std::uint32_t kFoundDefault = 10;
// Pages of the list that one search reads: 5,000 tools.
constexpr int kPagesOfOneSearch = 100;

struct Hit {
  int score = 0;
  protocol::PublishedTool tool;
};

std::vector<std::string> words_of(std::string_view query) {
  std::vector<std::string> words;
  const std::string all = lower(query);
  for (std::size_t at = 0; (at = all.find_first_not_of(" \t,.;:_", at)) != std::string::npos;) {
    const std::size_t end = std::min(all.find_first_of(" \t,.;:_", at), all.size());
    words.push_back(all.substr(at, end - at));
    at = end;
  }
  return words;
}

// A word in the name counts more than one in the description; a tool with none of them is no hit.
int score_of(const protocol::PublishedTool& tool, const std::vector<std::string>& words) {
  if (words.empty()) return 1;
  constexpr int kInName = 3;
  const std::string name = lower(tool.name);
  const std::string description = lower(tool.description);
  int score = 0;
  for (const std::string& word : words) {
    if (name.find(word) != std::string::npos) score += kInName;
    if (description.find(word) != std::string::npos) ++score;
  }
  return score;
}

struct Found {
  std::vector<Hit> best;  // the best first; in the order of names among equals
  std::int64_t total = 0;
};

// Only the best are kept while the pages go by: schemas are large.
void keep_best(Found& found, std::size_t most) {
  std::ranges::sort(found.best, [](const Hit& a, const Hit& b) {
    return a.score != b.score ? a.score > b.score : a.tool.name < b.tool.name;
  });
  if (found.best.size() > most)
    found.best.erase(found.best.begin() + static_cast<std::ptrdiff_t>(most), found.best.end());
}

Task<Found> find(const MethodCall& call, std::vector<std::string> words, std::size_t most) {
  Found found;
  std::string after;
  for (int page_number = 0; page_number < kPagesOfOneSearch; ++page_number) {
    protocol::ListPublished question{.ticket = call.in.ticket, .after = after};
    protocol::ToolPage page = co_await call.g.monitor->ask(question);
    if (page.tools.empty()) break;
    after = page.tools.back().name;
    for (protocol::PublishedTool& tool : page.tools) {
      const int score = score_of(tool, words);
      if (score == 0) continue;
      ++found.total;
      found.best.push_back({.score = score, .tool = std::move(tool)});
    }
    keep_best(found, most);
    if (!page.more) break;
  }
  co_return found;
}

Json shown(const protocol::PublishedTool& tool) {
  Object out;
  out.text("name", tool.name).text("description", tool.description);
  if (Json schema = parse_object(tool.input_schema)) out.json("input_schema", std::move(schema));
  return out.take();
}

}  // namespace

Task<Managed> on_search_tools(const ManageCall& c) {
  const std::vector<std::string> words = words_of(c.arguments.text("query"));
  const Found found = co_await find(c.call, words, c.arguments.number("limit", kFoundDefault));
  Json tools(json_array());
  for (const Hit& hit : found.best) json_array_append_new(tools.get(), shown(hit.tool).release());
  Object out;
  out.number("total", found.total);
  out.json("tools", std::move(tools));
  if (found.best.empty())
    out.text("message",
             "No published tool matches. An empty query lists all; mcpbox_list_tools shows drafts as well.");
  co_return Managed{.structured = out.take()};
}

Task<Managed> on_call_tool(const ManageCall& c) {
  const std::string name(c.arguments.text("name"));
  if (name.starts_with(kManagePrefix))
    co_return Managed{.problem = fitting(name, 128) + " is one of MCPbox's own tools: call it directly"};
  RpcReply reply = co_await call_published(c.call, name, c.arguments.value("arguments"), c.withdrawn);
  if (reply) co_return Managed{.result = with_object(std::move(*reply))};
  co_return Managed{.problem = reply.error().message, .why = base::Why::kNotFound};
}

}  // namespace mcpbox::gateway
