// Runs in the gateways and in admin.  Trusts neither clients nor children: parsing is bounded before Jansson
// sees a byte.
#include "privsep/http/json.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>

#include "privsep/base/error.h"
#include "privsep/http/json_check.h"

namespace mcpbox::http {
namespace {

std::string dumped(const json_t* value, std::size_t flags) {
  const std::unique_ptr<char, decltype(&std::free)> text(json_dumps(value, flags | JSON_ENCODE_ANY),
                                                         &std::free);
  if (!text) PANIC("a JSON value that cannot be written");
  return text.get();
}

void append_escape(std::string& out, char c) {
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\t':
      out += "\\t";
      return;
    default: {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x",
                    static_cast<unsigned>(static_cast<unsigned char>(c)));
      out += escape.data();
    }
  }
}

int escaped_code(std::string_view text, std::size_t at) {
  int code = 0;
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return -1;
  const char* end = text.data() + at + 6;
  return std::from_chars(text.data() + at + 2, end, code, 16).ptr == end ? code : -1;
}

// Jansson refuses \u escapes of half a surrogate pair, which JSON allows and JavaScript writes.
std::string repaired(std::string_view text) {
  std::string out(text);
  for (std::size_t at = out.find('\\'); at != std::string::npos; at = out.find('\\', at)) {
    const int code = escaped_code(out, at);
    const int next = escaped_code(out, at + 6);
    const bool pair = code >= 0xd800 && code <= 0xdbff && next >= 0xdc00 && next <= 0xdfff;
    if (!pair && code >= 0xd800 && code <= 0xdfff) out.replace(at, 6, "\\ufffd");
    at += pair ? 12 : code >= 0 ? 6 : 2;
  }
  return out;
}

constexpr bool plain(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\' && c != 0x7f;
}

}  // namespace

std::string quoted(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 2);
  out += '"';
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t from = at;
    while (at < text.size() && plain(text[at])) ++at;
    out.append(text.substr(from, at - from));
    if (at < text.size()) append_escape(out, text[at++]);
  }
  out += '"';
  return out;
}

std::string compact(const json_t* value) { return dumped(value, JSON_COMPACT); }
std::string indented(const json_t* value) { return dumped(value, JSON_INDENT(2)); }

Json parse_value(std::string_view text, std::string* why) {
  if (!check_json(text, JsonUse::kRead)) {
    if (why != nullptr) *why = "the text must be one JSON value in UTF-8, nested at most 64 deep";
    return nullptr;
  }
  json_error_t error;
  constexpr std::size_t kFlags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL;
  Json value(json_loadb(text.data(), text.size(), kFlags, &error));
  if (!value) {
    const std::string again = repaired(text);
    value.reset(json_loadb(again.data(), again.size(), kFlags | JSON_DECODE_INT_AS_REAL, &error));
  }
  if (!value && why != nullptr) *why = error.text;
  return value;
}

Json parse_object(std::string_view text) {
  Json value = parse_value(text);
  return json_is_object(value.get()) ? std::move(value) : nullptr;
}

Object::Object() : value_(json_object()) {
  if (!value_) PANIC("no memory for a JSON object");
}
Object& Object::text(const char* key, std::string_view value) {
  put(key, json_stringn(value.data(), value.size()));
  return *this;
}
Object& Object::number(const char* key, std::int64_t value) {
  put(key, json_integer(value));
  return *this;
}
Object& Object::boolean(const char* key, bool value) {
  put(key, json_boolean(value));
  return *this;
}
Object& Object::null(const char* key) {
  put(key, json_null());
  return *this;
}
Object& Object::json(const char* key, Json value) {
  put(key, value.release());
  return *this;
}
void Object::put(const char* key, json_t* value) {
  if (json_object_set_new(value_.get(), key, value) != 0) PANIC("a JSON member that cannot be set");
}

}  // namespace mcpbox::http
