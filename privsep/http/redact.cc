// Runs in the gateways and in admin.  Trusts nothing: keys and values are a client's.
#include "privsep/http/redact.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "policy/limits.h"
#include "privsep/http/ids.h"
#include "privsep/http/json.h"

namespace mcpbox::http {
namespace {

constexpr std::size_t kLongestString = 500;  // bytes
constexpr std::size_t kPreviewBytes = 1000;

constexpr std::array<std::string_view, 22> kSecretWords = {
    "password", "passwd",        "passphrase", "pwd",        "secret",      "secrets", "token", "tokens",
    "apikey",   "authorization", "auth",       "credential", "credentials", "key",     "keys",  "bearer",
    "session",  "cookie",        "cookies",    "clientid",   "otp",         "pin"};

// Ends a word: anything but a letter or digit, and the step from a small letter to a capital.
bool word_ends(std::string_view key, std::size_t at) {
  const auto here = static_cast<unsigned char>(key[at]);
  if (std::isalnum(here) == 0) return true;
  return at > 0 && std::isupper(here) != 0 && std::islower(static_cast<unsigned char>(key[at - 1])) != 0;
}

bool is_secret_word(std::string_view word) {
  return std::ranges::find(kSecretWords, word) != kSecretWords.end();
}

Json copy_of(const json_t* value);

Json copy_object(const json_t* object) {
  Object out;
  const char* key = nullptr;
  json_t* value = nullptr;
  json_object_foreach(const_cast<json_t*>(object), key, value) {
    if (is_secret_key(key))
      out.text(key, "[REDACTED]");
    else
      out.json(key, copy_of(value));
  }
  return out.take();
}

Json copy_array(const json_t* array) {
  Json out(json_array());
  for (std::size_t i = 0; i < json_array_size(array); ++i)
    json_array_append_new(out.get(), copy_of(json_array_get(array, i)).release());
  return out;
}

Json copy_string(std::string_view text) {
  std::string kept = text.size() <= kLongestString ? std::string(text) : fitting(text, kLongestString);
  if (text.size() > kLongestString) kept += "... [cut here: " + std::to_string(text.size()) + " bytes]";
  return Json(json_stringn(kept.data(), kept.size()));
}

// Recursion is bounded: parse_message() refuses more than limits::kJsonDepth levels.
Json copy_of(const json_t* value) {
  if (json_is_object(value)) return copy_object(value);
  if (json_is_array(value)) return copy_array(value);
  if (json_is_string(value)) return copy_string(text_of(value));
  return Json(json_incref(const_cast<json_t*>(value)));
}

}  // namespace

bool is_secret_key(std::string_view key) {
  std::string word, before;
  for (std::size_t at = 0; at <= key.size(); ++at) {
    if (at == key.size() || word_ends(key, at)) {
      if (is_secret_word(word) || is_secret_word(before + word)) return true;
      if (!word.empty()) before = std::exchange(word, "");
    }
    if (at < key.size() && std::isalnum(static_cast<unsigned char>(key[at])) != 0)
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(key[at])));
  }
  return false;
}

std::string redacted(const json_t* arguments) {
  if (!json_is_object(arguments)) return "{}";
  std::string text = compact(copy_object(arguments).get());
  if (text.size() <= policy::limits::kLogArgumentsBytes) return text;
  Object cut;
  cut.boolean("_truncated", true).text("_preview", fitting(text, kPreviewBytes));
  return compact(cut.take().get());
}

}  // namespace mcpbox::http
