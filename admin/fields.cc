// Runs in admin.  Trusts nothing: the body is a client's.
#include "admin/fields.h"

#include <algorithm>
#include <charconv>

#include "privsep/http/ids.h"

namespace mcpbox::admin {
namespace {

std::size_t characters(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::ranges::count_if(utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::optional<std::uint32_t> number_of(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Fields::Fields(const json_t* object, std::initializer_list<const char*> only) : object_(object) {
  const char* name = nullptr;
  json_t* value = nullptr;
  json_object_foreach(const_cast<json_t*>(object), name, value) {
    const std::string_view given(name);
    if (std::ranges::none_of(only, [given](const char* known) { return given == known; }))
      wrong(std::string(given), "there is no such field here");
  }
}

void Fields::wrong(const std::string& name, std::string_view rule) { problems_.emplace_back(name, rule); }

std::optional<std::string> Fields::optional_text(const char* name, std::size_t least, std::size_t most) {
  const json_t* value = json_object_get(object_, name);
  if (value == nullptr || json_is_null(value)) return std::nullopt;
  const std::string_view text = http::text_of(value);
  if (!json_is_string(value) || text.find('\0') != std::string_view::npos || characters(text) < least ||
      characters(text) > most) {
    wrong(name, "a text of " + std::to_string(least) + " to " + std::to_string(most) + " characters");
    return std::nullopt;
  }
  return std::string(text);
}

std::string Fields::text(const char* name, std::size_t least, std::size_t most) {
  if (!has(name)) wrong(name, "is required");
  return optional_text(name, least, most).value_or("");
}

std::optional<std::int64_t> Fields::optional_number(const char* name, std::int64_t least, std::int64_t most) {
  const json_t* value = json_object_get(object_, name);
  if (value == nullptr || json_is_null(value)) return std::nullopt;
  const std::int64_t number = json_integer_value(value);
  if (!json_is_integer(value) || number < least || number > most) {
    wrong(name, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return std::nullopt;
  }
  return number;
}

std::optional<bool> Fields::optional_boolean(const char* name) {
  const json_t* value = json_object_get(object_, name);
  if (value == nullptr) return std::nullopt;
  if (!json_is_boolean(value)) wrong(name, "true or false");
  return json_is_true(value);
}

wire::Id Fields::id(const char* name) {
  const std::optional<wire::Id> id = id_of(http::text_of(json_object_get(object_, name)));
  if (!id) wrong(name, "a UUID");
  return id.value_or(wire::Id{});
}

std::optional<wire::Digest> Fields::digest(const char* name) {
  const std::optional<wire::Digest> digest = digest_of_hex(http::text_of(json_object_get(object_, name)));
  if (!digest) wrong(name, "the digest that was shown: 64 hexadecimal digits");
  return digest;
}

std::string Fields::word(const char* name, std::initializer_list<std::string_view> words) {
  std::string given(http::text_of(json_object_get(object_, name)));
  if (std::ranges::find(words, given) != words.end()) return given;
  std::string all;
  for (const std::string_view word : words) all += (all.empty() ? "" : ", ") + std::string(word);
  wrong(name, "one of: " + all);
  return {};
}

Response Fields::refusal() const {
  std::string body;
  for (const auto& [name, rule] : problems_)
    body += (body.empty() ? "" : ",") + std::string(R"({"loc":["body",)") + quoted(name) + R"(],"msg":)" +
            quoted(rule) + R"(,"type":"value_error"})";
  return {.status = 422, .body = R"({"detail":[)" + body + "]}"};
}

std::optional<Page> page_of(const Query& query, std::uint32_t standard) {
  Page page{.size = standard};
  if (const auto text = query.find("page")) page.page = number_of(*text).value_or(0);
  if (const auto text = query.find("page_size")) page.size = number_of(*text).value_or(0);
  if (page.page == 0 || page.size == 0 || page.size > policy::limits::kPageMax) return std::nullopt;
  return page;
}

std::optional<wire::Digest> digest_of_hex(std::string_view hex) {
  wire::Digest digest{};
  if (hex.size() != 2 * digest.size()) return std::nullopt;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const char* at = hex.data() + 2 * i;
    if (std::from_chars(at, at + 2, digest[i], 16).ptr != at + 2) return std::nullopt;
  }
  return digest;
}

std::string hex_of(const wire::Digest& digest) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace mcpbox::admin
