// JSON in the HTTP processes: Jansson values with an owner, and text built without them where speed matters.
#pragma once

#include <jansson.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace mcpbox::http {

struct JsonFree {
  void operator()(json_t* value) const { json_decref(value); }
};
using Json = std::unique_ptr<json_t, JsonFree>;

// `text` as a JSON string literal.  `text` must be UTF-8; NUL and controls become escapes.
[[nodiscard]] std::string quoted(std::string_view text);

// The value as text: on one line, or indented by two spaces for people and language models.
[[nodiscard]] std::string compact(const json_t* value);
[[nodiscard]] std::string indented(const json_t* value);

// Parses one JSON value of anybody's.  Null when check_json(kRead) refuses it, or it has a member twice or a
// NUL in a member's name; `why` then says so in words.  Integers beyond 64 bits become reals, half a
// surrogate pair U+FFFD.
[[nodiscard]] Json parse_value(std::string_view text, std::string* why = nullptr);
// The same, and null when it is no object.
[[nodiscard]] Json parse_object(std::string_view text);

// The string behind a Jansson string; empty for anything else, null included.
[[nodiscard]] inline std::string_view text_of(const json_t* value) {
  return json_is_string(value) ? std::string_view(json_string_value(value), json_string_length(value))
                               : std::string_view();
}

// Builds an object member by member; PANICs when memory is gone.
class Object {
 public:
  Object();
  Object& text(const char* key, std::string_view value);
  Object& number(const char* key, std::int64_t value);
  Object& boolean(const char* key, bool value);
  Object& null(const char* key);
  Object& json(const char* key, Json value);
  [[nodiscard]] Json take() { return std::move(value_); }

 private:
  void put(const char* key, json_t* value);
  Json value_;
};

}  // namespace mcpbox::http
