// A new password, from a person or from root's script.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace mcpbox::ctl {

// A sentence when the password may not be used; empty when it may: at least limits::kPasswordMinChars
// characters, at most limits::kPasswordBytes bytes, UTF-8 without NUL.
[[nodiscard]] std::string_view problem_with_password(std::string_view password);

// Twice at the terminal.  For root whose standard input is no terminal: one line of that.
[[nodiscard]] std::expected<std::string, std::string> new_password();

}  // namespace mcpbox::ctl
