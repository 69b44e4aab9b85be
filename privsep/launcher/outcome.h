// The launcher has no protocol to answer errors in: what goes wrong at the start is a sentence for a person.
#pragma once

#include <cerrno>
#include <cstring>
#include <expected>
#include <string>
#include <string_view>

namespace mcpbox::launcher {

// A value, or a sentence that names the file, address or layer and says what to do.
template <class T>
using Outcome = std::expected<T, std::string>;

[[nodiscard]] inline std::unexpected<std::string> refuse(std::string text) {
  return std::unexpected(std::move(text));
}

// For a system call that just failed: "cannot open x: Permission denied".
[[nodiscard]] inline std::unexpected<std::string> refuse_errno(std::string_view what) {
  const int why = errno;
  return std::unexpected(std::string(what) + ": " + std::strerror(why));
}

}  // namespace mcpbox::launcher
