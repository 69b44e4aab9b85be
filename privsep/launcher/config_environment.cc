// Run by the launcher (root), once.  Trusts its environment as far as the configuration file: every value
// goes through the same checks.
#include "privsep/launcher/config_environment.h"

#include <strings.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <optional>

namespace mcpbox::launcher {
namespace {

using Text = std::string_view;

enum class Means : unsigned char { kKey, kList, kRetention, kSandboxKey };
struct Row {
  const char* variable;
  Means means;
  const char* key;
};
// clang-format off
constexpr Row kRows[] = {
    // variable                        means                key
    { "DATABASE_URL",                   Means::kKey,         "database"            },
    { "RATE_LIMIT_REQUESTS_PER_MINUTE", Means::kKey,         "requests-per-minute" },
    { "CORS_ORIGINS",                   Means::kList,        "cors-origin"         },
    { "LOG_RETENTION_DAYS",             Means::kRetention,   ""                    },
    { "SANDBOX_API_KEY",                Means::kSandboxKey,  ""                    },
};
// clang-format on

constexpr std::size_t kSandboxKeyChars = 32;  // what the first description asked for

std::vector<std::string> split(Text text) {
  std::vector<std::string> all;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    Text one = text.substr(0, comma);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (!one.empty()) all.emplace_back(one);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return all;
}

std::string retention_sentence(Text value) {
  unsigned days = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), days);
  const bool good = error == std::errc{} && end == value.data() + value.size() && days > 0 && days <= 3650;
  if (!good) return "LOG_RETENTION_DAYS is no number of days from 1 to 3650, and has no effect";
  return "LOG_RETENTION_DAYS has no effect: how long logs are kept is decided with `mcpboxctl settings set "
         "log_retention_days " +
         std::to_string(days) + "`";
}

std::string sandbox_sentence(Text value) {
  std::string sentence =
      "SANDBOX_API_KEY is no longer needed: no part of MCPbox speaks HTTP with another; remove it";
  if (value.size() < kSandboxKeyChars) sentence += " (and it is shorter than 32 characters)";
  return sentence;
}

}  // namespace

Environment read_environment(std::span<const Variable> variables) {
  Environment all;
  for (const Variable& variable : variables) {
    if (variable.value == nullptr || *variable.value == '\0') continue;
    const Text name(variable.name);
    const Row* row = std::ranges::find_if(kRows, [name](const Row& one) { return name == one.variable; });
    if (row == std::ranges::end(kRows)) continue;
    const Text value(variable.value);
    if (row->means == Means::kRetention) all.warnings.push_back(retention_sentence(value));
    if (row->means == Means::kSandboxKey) all.warnings.push_back(sandbox_sentence(value));
    if (row->means == Means::kKey) all.overrides.push_back({row->variable, row->key, {std::string(value)}});
    if (row->means == Means::kList) all.overrides.push_back({row->variable, row->key, split(value)});
  }
  return all;
}

Environment take_environment() {
  std::array<Variable, std::size(kRows)> variables{};
  std::ranges::transform(kRows, variables.begin(),
                         [](const Row& row) { return Variable{row.variable, std::getenv(row.variable)}; });
  Environment all = read_environment(variables);
  for (const Row& row : kRows) {
    char* const value = std::getenv(row.variable);
    if (value == nullptr) continue;
    explicit_bzero(value, std::strlen(value));  // else it stays readable in /proc/PID/environ
    unsetenv(row.variable);
  }
  return all;
}

}  // namespace mcpbox::launcher
