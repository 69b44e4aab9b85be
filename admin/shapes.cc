// Pure.
#include "admin/shapes.h"

#include <ctime>
#include <utility>

#include "privsep/http/ids.h"

namespace mcpbox::admin {

std::string time_text(std::int64_t ms) {
  const std::time_t seconds = ms / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[40];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text, size};
}

Json page_json(Json items, std::uint32_t total, const Page& page) {
  Object body;
  body.json("items", std::move(items)).number("total", total).number("page", page.page);
  body.number("page_size", page.size);
  return body.number("pages", (std::int64_t{total} + page.size - 1) / page.size).take();
}

void text_or_null(Object& object, const char* key, std::string_view text) {
  if (text.empty())
    object.null(key);
  else
    object.text(key, text);
}

void id_or_null(Object& object, const char* key, const wire::Id& id) {
  text_or_null(object, key, id == wire::Id{} ? std::string() : text_of(id));
}

void time_or_null(Object& object, const char* key, std::int64_t ms) {
  text_or_null(object, key, ms == 0 ? std::string() : time_text(ms));
}

std::string server_words(const wire::Id& server) {
  std::string words = "#";
  for (const char c : text_of(server))
    if (c != '-') words += c;
  return words;
}

void append(const Json& array, Json value) { json_array_append_new(array.get(), value.release()); }

Json decided_json(const protocol::ToolSaved& tool) {
  Object body;
  body.boolean("success", true).text("tool_id", text_of(tool.id)).text("name", tool.name);
  body.text("status", protocol::status_text(tool.approval)).number("version", tool.version);
  return body.text("digest", hex_of(tool.digest)).take();
}

}  // namespace mcpbox::admin
