// Identifiers as clients see them: UUID text.  On the wire to the monitor they are 16 bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "privsep/wire/fields.h"

namespace mcpbox::http {

// Nothing unless `text` is 8-4-4-4-12 hexadecimal digits; upper case is accepted.
[[nodiscard]] std::optional<wire::Id> id_of(std::string_view text);
[[nodiscard]] std::string text_of(const wire::Id& id);

// 16 bytes from the kernel.
[[nodiscard]] wire::Id random_id();

// `text` cut to at most `most` bytes at a character boundary, with controls (NUL above all) as '?': what the
// wire's Text takes.  `text` must be UTF-8.
[[nodiscard]] std::string fitting(std::string_view text, std::size_t most);

// `text` with a full stop at its end, unless it ends a sentence already.
[[nodiscard]] std::string sentence(std::string_view text);

}  // namespace mcpbox::http
