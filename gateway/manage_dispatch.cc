// Runs in the gateways.  Trusts nothing: what is found are published names and opaque schemas; what is called
// is decided by the monitor, and checked once more by the call's own child against the body's inner name. For
// clients that read the list of tools once and never again.
#include <algorithm>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "gateway/manage.h"
#include "gateway/methods.h"
#include "privsep/http/ids.h"
#include "privsep/http/json_check.h"

namespace mcpbox::gateway {
namespace {

constexpr std::uint32_t kFoundDefault = 10;
// Pages of the list that one search reads; each has some tools, 50 unless they are large.
constexpr int kPagesOfOneSearch = 5'000;

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

void keep_best(std::vector<Hit>& hits, std::size_t most) {
  std::ranges::sort(hits, [](const Hit& a, const Hit& b) {
    return a.score != b.score ? a.score > b.score : a.tool.name < b.tool.name;
  });
  if (hits.size() > most) hits.erase(hits.begin() + static_cast<std::ptrdiff_t>(most), hits.end());
}

using Visit = std::function<void(protocol::PublishedTool& tool)>;

Task<Nothing> each_published(const MethodCall& call, const Visit& visit) {
  std::string after;
  for (int page_number = 0; page_number < kPagesOfOneSearch; ++page_number) {
    protocol::ListPublished question{.ticket = call.in.ticket, .after = after};
    protocol::ToolPage page = co_await call.g.monitor->ask(question);
    if (page.tools.empty()) break;
    after = page.tools.back().name;
    for (protocol::PublishedTool& tool : page.tools) visit(tool);
    if (!page.more) break;
  }
  co_return Nothing{};
}

// The first page.  Only the best are kept while the tools go by: schemas are large.
Task<Found> find_best(const MethodCall& call, const std::vector<std::string>& words, std::size_t size) {
  Found found;
  const Visit rank = [&](protocol::PublishedTool& tool) {
    const int score = score_of(tool, words);
    if (score == 0) return;
    ++found.total;
    found.best.push_back({.score = score, .tool = std::move(tool)});
    if (found.best.size() > 2 * size) keep_best(found.best, size);
  };
  const Nothing visited = co_await each_published(call, rank);
  static_cast<void>(visited);
  keep_best(found.best, size);
  co_return found;
}

// Another page: which tools are on it is known only when all were ranked, by name alone; then they are read.
Task<Found> find_page(const MethodCall& call, const std::vector<std::string>& words, std::size_t first,
                      std::size_t size) {
  Found found;
  const Visit rank = [&](protocol::PublishedTool& tool) {
    const int score = score_of(tool, words);
    if (score == 0) return;
    ++found.total;
    found.best.push_back({.score = score, .tool = {.name = tool.name}});
  };
  const Nothing ranked = co_await each_published(call, rank);
  static_cast<void>(ranked);
  keep_best(found.best, first + size);
  found.best.erase(found.best.begin(),
                   found.best.begin() + static_cast<std::ptrdiff_t>(std::min(first, found.best.size())));
  const Visit fill = [&](protocol::PublishedTool& tool) {
    for (Hit& hit : found.best)
      if (hit.tool.name == tool.name) hit.tool = tool;
  };
  if (found.best.empty()) co_return found;
  const Nothing read = co_await each_published(call, fill);
  static_cast<void>(read);
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
  const std::uint32_t page = c.arguments.number("page", 1);
  const std::uint32_t size = c.arguments.number("page_size", kFoundDefault);
  const std::size_t first = std::size_t{page - 1} * size;
  Found found;
  if (page == 1)
    found = co_await find_best(c.call, words, size);
  else
    found = co_await find_page(c.call, words, first, size);
  Json tools(json_array());
  for (const Hit& hit : found.best) json_array_append_new(tools.get(), shown(hit.tool).release());
  Object out;
  out.json("tools", std::move(tools)).number("total", found.total);
  out.number("page", page).number("page_size", size).number("pages", (found.total + size - 1) / size);
  if (found.total == 0)
    out.text("message",
             "No published tool matches. An empty query lists all; mcpbox_list_tools shows drafts as well.");
  co_return Managed{.structured = out.take()};
}

Task<Managed> on_call_tool(const ManageCall& c) {
  const std::string name(c.arguments.text("name"));
  if (name.starts_with(kManagePrefix))
    co_return Managed{.problem = "name must be that of a published tool, SERVER__TOOL: " +
                                 fitting(name, 128) + " is one of MCPbox's own, call it directly"};
  RpcReply reply = co_await call_published(c.call, name, c.arguments.value("arguments"), c.withdrawn);
  if (reply) co_return Managed{.result = with_object(std::move(*reply))};
  co_return Managed{.problem = reply.error().message, .why = base::Why::kNotFound};
}

}  // namespace mcpbox::gateway
