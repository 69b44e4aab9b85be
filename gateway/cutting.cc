// Runs in the gateways.  Trusts nothing: a result is a call child's, and has passed check_json().
#include "gateway/cutting.h"

#include <algorithm>
#include <utility>

#include "gateway/using_http.h"
#include "policy/limits.h"
#include "privsep/http/json.h"

namespace mcpbox::gateway {
namespace {

namespace limits = policy::limits;

struct Known {
  std::string_view name;
  std::size_t most;
};
// By the names that they introduce themselves by.
constexpr Known kKnown[] = {
    {"claude-code", limits::kClaudeCodeResultBytes},
    {"claude-ai", limits::kClaudeResultBytes},
    {"Anthropic/ClaudeAI", limits::kClaudeResultBytes},
};

// Where a piece of `text` may end: the bytes before it are whole characters.
std::size_t end_of_character(std::string_view text, std::size_t at) {
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) --at;
  return at;
}

json_t* text_block(std::string_view text) {
  Object block;
  block.text("type", "text").text("text", text);
  return block.take().release();
}

json_t* link_to(const std::string& uri, std::size_t parts) {
  Object link;
  link.text("type", "resource_link")
      .text("uri", uri)
      .text("name", "rest of the result")
      .text("description",
            "The rest of this result, in " + std::to_string(parts) + (parts == 1 ? " part" : " parts"))
      .text("mimeType", "text/plain");
  return link.take().release();
}

bool is_text(const json_t* block) { return text_of(json_object_get(block, "type")) == "text"; }

std::string note(std::size_t shown, std::size_t all, std::size_t parts, const std::string& uri) {
  return "[MCPbox: this result is longer than this client takes: these are the first " +
         std::to_string(shown) + " of " + std::to_string(all) +
         " bytes of its text. The rest can be read for 15 minutes as a resource, in " +
         std::to_string(parts) + (parts == 1 ? " part" : " parts") + ", beginning with " + uri +
         ". Or call the tool for less.]";
}

static_assert(limits::kKeptResultMs == 15 * 60 * 1000, "note() says so");

}  // namespace

std::size_t most_for(std::string_view client) {
  for (const Known& known : kKnown)
    if (client == known.name ||
        (client.starts_with(known.name) && client.substr(known.name.size()).starts_with('/')))
      return known.most;
  return 0;
}

std::vector<std::string> in_parts(std::string_view text, std::size_t most) {
  std::vector<std::string> parts;
  while (text.size() > most) {
    std::size_t end = end_of_character(text, most);
    const std::size_t line = text.substr(0, most).rfind('\n');
    if (line != std::string_view::npos && line >= most - most / 4) end = line + 1;
    if (end == 0) end = most;  // no character is that long: it is not UTF-8 then, and has to go somewhere
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  parts.emplace_back(text);
  return parts;
}

std::string cut_result(std::string_view result, const Cutting& how, const std::string& who,
                       KeptResults& kept) {
  if (how.most == 0 || result.size() <= how.most) return std::string(result);
  const Json parsed = parse_object(result);
  json_t* content = json_object_get(parsed.get(), "content");
  if (!json_is_array(content)) return std::string(result);
  // It says the same as the text, which can be read in parts.
  if (!how.keep_structured) json_object_del(parsed.get(), "structuredContent");
  std::string all;
  const Json whole(json_array());
  for (std::size_t i = 0; i < json_array_size(content); ++i) {
    json_t* block = json_array_get(content, i);
    if (is_text(block)) all.append(text_of(json_object_get(block, "text")));
    if (!is_text(block)) json_array_append(whole.get(), block);
  }
  if (all.size() <= how.most) return compact(parsed.get());
  std::vector<std::string> parts = in_parts(all, how.most);
  const std::string first = std::move(parts.front());
  parts.erase(parts.begin());
  const std::size_t left = parts.size();
  const std::string uri = kept.keep(who, std::move(parts), 2);
  json_array_insert_new(whole.get(), 0, text_block(first));
  json_array_insert_new(whole.get(), 1, text_block(note(first.size(), all.size(), left, uri)));
  json_array_insert_new(whole.get(), 2, link_to(uri, left));
  json_object_set(parsed.get(), "content", whole.get());
  return compact(parsed.get());
}

}  // namespace mcpbox::gateway
