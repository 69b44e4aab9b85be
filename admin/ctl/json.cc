// Runs in mcpboxctl.  Every text may be hostile: it was written by tools, clients and language models.
#include "admin/ctl/json.h"

#include <cstdlib>

#include "policy/limits.h"
#include "privsep/base/error.h"
#include "privsep/base/visible.h"

namespace mcpbox::ctl {
namespace {

bool within_depth(const json_t* json, std::size_t depth) {
  if (depth == 0) return false;
  if (json_is_array(json)) {
    for (std::size_t i = 0; i < json_array_size(json); ++i)
      if (!within_depth(json_array_get(json, i), depth - 1)) return false;
  } else if (json_is_object(json)) {
    auto* object = const_cast<json_t*>(json);
    for (void* at = json_object_iter(object); at != nullptr; at = json_object_iter_next(object, at))
      if (!within_depth(json_object_iter_value(at), depth - 1)) return false;
  }
  return true;
}

std::string dumped(const json_t* json, std::size_t flags) {
  char* raw = json_dumps(json, flags | JSON_ENCODE_ANY);
  if (raw == nullptr) PANIC("out of memory for JSON");
  std::string text = raw;
  std::free(raw);  // NOLINT(cppcoreguidelines-no-malloc): jansson's own allocator
  return text;
}

}  // namespace

Json parse_json(std::string_view text) {
  json_error_t error{};
  Json json(json_loadb(text.data(), text.size(), JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error));
  if (json && !within_depth(json.get(), policy::limits::kJsonDepth)) json.reset();
  return json;
}

std::string json_text(const json_t* json) {
  const std::string text = dumped(json, JSON_INDENT(2) | JSON_ENSURE_ASCII);
  std::string out;
  for (const char c : text) {
    if (c == '\x7f')
      out += "\\u007F";  // the one control character that jansson leaves as it is
    else
      out += c;
  }
  return out + "\n";
}

Json json_of(std::string_view text) {
  const std::string shown = base::is_utf8(text) ? std::string(text) : base::visible(text);
  return Json(json_stringn(shown.data(), shown.size()));
}

std::string cell_of(const json_t* object, const char* key) {
  const json_t* value = json_object_get(object, key);
  if (value == nullptr || json_is_null(value)) return "";
  if (json_is_string(value)) return {json_string_value(value), json_string_length(value)};
  if (json_is_boolean(value)) return json_is_true(value) ? "yes" : "no";
  return dumped(value, JSON_COMPACT);
}

const json_t* rows_of(const json_t* json) {
  if (json_is_array(json)) return json;
  auto* object = const_cast<json_t*>(json);
  for (void* at = json_object_iter(object); at != nullptr; at = json_object_iter_next(object, at))
    if (json_is_array(json_object_iter_value(at))) return json_object_iter_value(at);
  return nullptr;
}

Object& Object::text(const char* key, std::string_view value) { return member(key, json_of(value)); }

Object& Object::number(const char* key, std::uint64_t value) {
  return member(key, Json(json_integer(static_cast<json_int_t>(value))));
}

Object& Object::flag(const char* key, bool value) { return member(key, Json(json_boolean(value))); }

Object& Object::member(const char* key, Json value) {
  json_object_set_new(json_.get(), key, value.release());
  return *this;
}

}  // namespace mcpbox::ctl
