// The only way that outside text reaches a terminal or a log.
#pragma once

#include <string>
#include <string_view>

namespace mcpbox::base {

// What visible() leaves as it is besides printable characters.
enum class Keep : unsigned char {
  kNothing,   // one event, one line: newline and tab become escapes too
  kNewlines,  // pages of code: newline and tab stay
};

// Returns `text` with everything that could fool a reader made visible:
//   C0 and C1 controls, DEL      \x1b
//   bidirectional and zero-width characters, soft hyphen, variation and tag characters, BOM, line separators
//   \u{202e} bytes that are not UTF-8     \xff backslash                    \\  (only with Keep::kNothing, so
//   that an escape cannot be forged)
// cost: linear; the result is at most eight times as long.
[[nodiscard]] std::string visible(std::string_view text, Keep keep = Keep::kNothing);

// True when `text` is well-formed UTF-8 (no overlong forms, surrogates, or values over U+10FFFF).
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace mcpbox::base
