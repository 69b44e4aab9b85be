// Checks JSON that somebody else made before its bytes are embedded in an answer.  No allocation, no
// recursion: it runs on whatever a stolen call child or a damaged row can contain.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace mcpbox::http {

enum class JsonKind : std::uint8_t { kObject, kArray, kString, kNumber, kLiteral };

enum class JsonUse : std::uint8_t {
  kEmbed,  // no line break between tokens: one would end a server-sent event in the middle.  No \u escape of
           // half a surrogate pair: parsers disagree about it
  kRead,   // whatever RFC 8259 allows
};

// What kind of value `text` is, when it is exactly one JSON value (RFC 8259) in well-formed UTF-8, nested at
// most limits::kJsonDepth deep.  Nothing otherwise.  Numbers may be of any size.
[[nodiscard]] std::optional<JsonKind> check_json(std::string_view text, JsonUse use = JsonUse::kEmbed);

// The text of the first top-level member `key` of an object that check_json() accepted; a view into `object`.
//   key   compared with the member's name byte by byte: names written with escapes do not match
[[nodiscard]] std::optional<std::string_view> find_member(std::string_view object, std::string_view key);

}  // namespace mcpbox::http
