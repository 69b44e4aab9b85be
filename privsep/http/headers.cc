// Runs in the gateways and in admin.  Trusts nothing: every byte is a client's.  RFC 9110 sections 5
// and 12.5.1.
#include "privsep/http/headers.h"

#include <algorithm>

namespace mcpbox::http {
namespace {

constexpr char lower_char(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// Calls use(part) for each part between separators, trimmed.
void each_part(std::string_view text, char separator, auto&& use) {
  while (!text.empty()) {
    const std::size_t at = std::min(text.find(separator), text.size());
    use(trimmed(text.substr(0, at)));
    text.remove_prefix(std::min(at + 1, text.size()));
  }
}

bool names(std::string_view range, std::string_view type) {
  if (range == "*/*" || range == type) return true;
  return range.ends_with("/*") && type.starts_with(range.substr(0, range.size() - 1));
}

bool is_zero_weight(std::string_view parameter) {
  if (!parameter.starts_with("q=")) return false;
  return parameter.substr(2).find_first_not_of("0.") == std::string_view::npos;
}

}  // namespace

std::string_view name_of(Method method) {
  constexpr std::string_view kNames[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "?"};
  return kNames[static_cast<std::size_t>(method)];
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), lower_char);
  return out;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

void Headers::add(std::string_view name, std::string_view value) {
  all_.emplace_back(lower(name), std::string(trimmed(value)));
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  const std::string wanted = lower(name);
  for (const auto& [key, value] : all_)
    if (key == wanted) return value;
  return std::nullopt;
}

std::size_t Headers::count(std::string_view name) const {
  const std::string wanted = lower(name);
  return static_cast<std::size_t>(
      std::ranges::count(all_, wanted, &std::pair<std::string, std::string>::first));
}

std::string Headers::joined(std::string_view name) const {
  const std::string wanted = lower(name);
  std::string out;
  for (const auto& [key, value] : all_)
    if (key == wanted) out += (out.empty() ? "" : ",") + value;
  return out;
}

std::string_view Headers::first_with_prefix(std::string_view prefix) const {
  for (const auto& [key, value] : all_)
    if (key.starts_with(prefix)) return key;
  return {};
}

bool Headers::names_are_tokens() const {
  constexpr std::string_view kToken = "abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~";
  return std::ranges::all_of(all_, [&](const auto& header) {
    return !header.first.empty() && header.first.find_first_not_of(kToken) == std::string::npos;
  });
}

bool is_json_type(std::string_view content_type) {
  return lower(trimmed(content_type.substr(0, content_type.find(';')))) == "application/json";
}

bool accepts(std::string_view accept, std::string_view type) {
  const std::string all = lower(accept);
  bool yes = false;
  each_part(all, ',', [&](std::string_view range) {
    const std::size_t end = std::min(range.find(';'), range.size());
    bool refused = false;
    each_part(range.substr(end), ';',
              [&](std::string_view parameter) { refused |= is_zero_weight(parameter); });
    yes |= !refused && names(trimmed(range.substr(0, end)), type);
  });
  return yes;
}

}  // namespace mcpbox::http
