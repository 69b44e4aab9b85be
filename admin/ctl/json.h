// JSON in mcpboxctl: reading rows that PostgreSQL made of other people's text, and writing for scripts.
#pragma once

#include <jansson.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mcpbox::ctl {

struct FreeJson {
  void operator()(json_t* json) const { json_decref(json); }
};
using Json = std::unique_ptr<json_t, FreeJson>;

// One JSON value of at most limits::kJsonDepth levels, or null when it is not one.
[[nodiscard]] Json parse_json(std::string_view text);

// Indented and pure printable ASCII, so that no byte of it means anything to a terminal.  Ends with a
// newline.
[[nodiscard]] std::string json_text(const json_t* json);

// A JSON string of any text: what is not UTF-8 becomes a visible escape.
[[nodiscard]] Json json_of(std::string_view text);

// The member as one line for people: strings as they are, numbers, yes and no, compact JSON; "" when it is
// absent or null.  Not yet through visible().
[[nodiscard]] std::string cell_of(const json_t* object, const char* key);

// The first array of objects: `json` itself, or a member of it.  Null when there is none.
[[nodiscard]] const json_t* rows_of(const json_t* json);

// Adds a member and gives the object back, for building in one expression chain.
class Object {
 public:
  Object() : json_(json_object()) {}
  Object& text(const char* key, std::string_view value);
  Object& number(const char* key, std::uint64_t value);
  Object& flag(const char* key, bool value);
  Object& member(const char* key, Json value);
  [[nodiscard]] Json take() { return std::move(json_); }

 private:
  Json json_;
};

}  // namespace mcpbox::ctl
