// The copy of a call's arguments that the log keeps.
#pragma once

#include <jansson.h>

#include <string>
#include <string_view>

namespace mcpbox::http {

// One JSON object as text, at most limits::kLogArgumentsBytes: values under a key that names something secret
// are
// "[REDACTED]", long strings are cut with a marker, and what is still too large becomes
// {"_truncated":true,"_preview":"..."}.  Never fails: a call is not refused because of its log.
[[nodiscard]] std::string redacted(const json_t* arguments);

// True when a key names something secret by one of its words: `api_key`, `apiKey`, `Authorization`; not
// `monkey`.
[[nodiscard]] bool is_secret_key(std::string_view key);

}  // namespace mcpbox::http
