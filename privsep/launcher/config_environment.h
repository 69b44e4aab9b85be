// What may be said in the environment instead of in mcpbox.conf: the names that MCPbox's first description
// gave.
//
// clang-format off
//   variable                        means
//   DATABASE_URL                    the same as `database`
//   RATE_LIMIT_REQUESTS_PER_MINUTE  the same as `requests-per-minute`
//   CORS_ORIGINS                    the same as `cors-origin`, several with commas between them
//   LOG_RETENTION_DAYS              checked, and answered with the command that sets it: a person decides that
//   SANDBOX_API_KEY                 nothing any more: no part of MCPbox speaks HTTP with another; its presence is reported
//   MCPBOX_ENCRYPTION_KEY           the master key as 64 hexadecimal digits, instead of the file master.key
// clang-format on
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mcpbox::launcher {

// One key of the configuration, from outside of the file.
struct Override {
  std::string variable;  // for messages
  std::string key;
  std::vector<std::string> values;
};

struct Environment {
  std::vector<Override> overrides;
  std::vector<std::string> warnings;  // sentences; none holds a value
};

struct Variable {
  const char* name;
  const char* value;  // nullptr: not set
};

// Pure.  A variable that is set but empty is as one that is not set.
[[nodiscard]] Environment read_environment(std::span<const Variable> variables);

// The same from this process's own environment.  What could be a secret is wiped from it.
[[nodiscard]] Environment take_environment();

}  // namespace mcpbox::launcher
