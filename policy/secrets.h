// What a secret's key, value and binding may be.
#pragma once

#include <cstdint>
#include <string_view>

#include "policy/limits.h"

namespace mcpbox::policy {

// Where egress fills a sealed value in.  Header and Basic go to the server alone; the others can end up in
// what the server echoes or logs, so only an administrator chooses them.
enum class SecretPlace : std::uint8_t { kHeader = 1, kBasic, kQuery, kPath, kJson, kForm };
constexpr bool is_known(SecretPlace place) {
  return place >= SecretPlace::kHeader && place <= SecretPlace::kForm;
}

struct SecretPlaceRow {
  SecretPlace place;
  std::string_view name;  // for mcpboxctl, the tools and the API
  bool named;             // has a header, parameter or field name
  bool careful;           // the tool, or whoever sees the answer, can then publish the value
  std::string_view what;
};

// clang-format off
inline constexpr SecretPlaceRow kSecretPlaces[] = {
    {SecretPlace::kHeader, "header", true,  false, "one header, its value made by the template, for example Authorization: Bearer {}"},
    {SecretPlace::kBasic,  "basic",  false, false, "HTTP Basic authentication; the template is USER:{}"},
    {SecretPlace::kQuery,  "query",  true,  true,  "one query parameter of the URL; servers often log those"},
    {SecretPlace::kPath,   "path",   false, true,  "the placeholder anywhere in the URL's path; servers often log those"},
    {SecretPlace::kJson,   "json",   true,  true,  "one top-level field of a JSON body; a server may show it again"},
    {SecretPlace::kForm,   "form",   true,  true,  "one field of a form body; a server may show it again"},
};
// clang-format on

constexpr const SecretPlaceRow& row_of(SecretPlace place) {
  return kSecretPlaces[static_cast<unsigned>(place) - 1];
}
static_assert(row_of(SecretPlace::kForm).name == "form", "the table is in the enum's order");

// A-Z, then A-Z, 0-9 and underscores.
constexpr bool is_secret_key(std::string_view key) {
  if (key.empty() || key.size() > limits::kSecretKeyBytes || key.front() < 'A' || key.front() > 'Z')
    return false;
  for (const char c : key)
    if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && c != '_') return false;
  return true;
}

// A value with a control character could end a header and begin another.
constexpr bool is_secret_value(std::string_view value) {
  if (value.empty() || value.size() > limits::kSecretValueBytes) return false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto c = static_cast<unsigned char>(value[i]);
    if (c < 0x20 || c == 0x7F) return false;
    if (c == 0xC2 && i + 1 < value.size() && static_cast<unsigned char>(value[i + 1]) < 0xA0)
      return false;  // C1
  }
  return true;
}

// A header, parameter or field: a token of RFC 9110, so it can be none of another kind.
constexpr bool is_place_name(std::string_view name) {
  if (name.empty() || name.size() > limits::kSecretPlaceBytes) return false;
  for (const char c : name) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && std::string_view("!#$%&'*+-.^_`|~").find(c) == std::string_view::npos) return false;
  }
  return true;
}

// Visible ASCII and spaces around exactly one {}.
constexpr bool is_secret_form(std::string_view form) {
  if (form.size() > limits::kSecretFormBytes) return false;
  for (const char c : form)
    if (c < ' ' || c > '~') return false;
  const std::size_t at = form.find("{}");
  return at != std::string_view::npos && form.find_first_of("{}", at + 2) == std::string_view::npos &&
         form.find_first_of("{}") == at;
}

// Headers that decide where a request goes or how it is framed carry no secret.
constexpr bool is_header_for_secrets(std::string_view lower_case) {
  for (const std::string_view refused :
       {"host", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade", "expect",
        "range", "accept-encoding", "keep-alive", "proxy-authorization", "proxy-connection"})
    if (lower_case == refused) return false;
  return true;
}

}  // namespace mcpbox::policy
