// What a server or a tool may be called.  Names are joined to SERVER__TOOL and shown to language models and
// people, so there is exactly one way to split a joined name again, and none that looks like the product's
// own.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "policy/limits.h"

namespace mcpbox::policy {

enum class NameProblem : std::uint8_t {
  kNone,
  kEmpty,
  kTooLong,
  kFirstCharacter,
  kCharacter,
  kDoubleUnderscore,
  kTrailingUnderscore,
  kReserved,
  kJoinedTooLong,
};

// A literal that says what to do, for an Error; "" for kNone.
constexpr const char* reason_of(NameProblem problem) {
  switch (problem) {
    case NameProblem::kNone:
      return "";
    case NameProblem::kEmpty:
      return "a name must not be empty: begin with a letter a to z, then letters, digits and single "
             "underscores";
    case NameProblem::kTooLong:
      return "a name has at most 48 characters: choose a shorter one";
    case NameProblem::kFirstCharacter:
      return "a name begins with a lower-case letter a to z";
    case NameProblem::kCharacter:
      return "a name consists of lower-case letters a to z, digits and underscores only";
    case NameProblem::kDoubleUnderscore:
      return "a name must not contain two underscores in a row: they separate server and tool";
    case NameProblem::kTrailingUnderscore:
      return "a name must not end with an underscore";
    case NameProblem::kReserved:
      return "names that begin with mcpbox belong to MCPbox itself: choose another";
    case NameProblem::kJoinedTooLong:
      return "SERVER__TOOL has at most 64 characters, because clients drop longer names: choose a shorter "
             "one";
  }
  return "";
}
static_assert(limits::kNameBytes == 48, "reason_of(kTooLong) says the number");
static_assert(limits::kPublishedNameBytes == 64, "reason_of(kJoinedTooLong) says the number");

namespace detail {

constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_name_character(char c) { return is_lower(c) || (c >= '0' && c <= '9') || c == '_'; }

}  // namespace detail

// A top-level Python module: an ASCII identifier, which no path and no option can be.
constexpr bool is_module_name(std::string_view name) {
  if (name.empty() || name.size() > limits::kModuleNameBytes) return false;
  if (name.front() >= '0' && name.front() <= '9') return false;
  for (const char c : name)
    if (!detail::is_name_character(c) && !(c >= 'A' && c <= 'Z')) return false;
  return true;
}

// The first rule that `name` breaks, in the order of NameProblem.
constexpr NameProblem tool_name_problem(std::string_view name) {
  if (name.empty()) return NameProblem::kEmpty;
  if (name.size() > limits::kNameBytes) return NameProblem::kTooLong;
  if (!detail::is_lower(name.front())) return NameProblem::kFirstCharacter;
  for (const char c : name)
    if (!detail::is_name_character(c)) return NameProblem::kCharacter;
  if (name.find("__") != std::string_view::npos) return NameProblem::kDoubleUnderscore;
  if (name.back() == '_') return NameProblem::kTrailingUnderscore;
  return NameProblem::kNone;
}

// As for tools; besides, `mcpbox` and `mcpbox_...` would make names beside the management tools' own.
constexpr NameProblem server_name_problem(std::string_view name) {
  const NameProblem problem = tool_name_problem(name);
  if (problem != NameProblem::kNone) return problem;
  if (name == "mcpbox" || name.starts_with("mcpbox_")) return NameProblem::kReserved;
  return NameProblem::kNone;
}

// Two allowed names that are to be joined: kJoinedTooLong or kNone.
constexpr NameProblem joined_name_problem(std::string_view server, std::string_view tool) {
  const bool fits = server.size() + 2 + tool.size() <= limits::kPublishedNameBytes;
  return fits ? NameProblem::kNone : NameProblem::kJoinedTooLong;
}

struct PublishedName {
  std::string_view server;
  std::string_view tool;
};

// Takes SERVER__TOOL apart.  Nothing unless both parts are allowed names; views into `name`.
constexpr std::optional<PublishedName> split_published_name(std::string_view name) {
  const std::size_t at = name.find("__");
  if (at == std::string_view::npos) return std::nullopt;
  const PublishedName parts{.server = name.substr(0, at), .tool = name.substr(at + 2)};
  if (server_name_problem(parts.server) != NameProblem::kNone) return std::nullopt;
  if (tool_name_problem(parts.tool) != NameProblem::kNone) return std::nullopt;
  if (joined_name_problem(parts.server, parts.tool) != NameProblem::kNone) return std::nullopt;
  return parts;
}

}  // namespace mcpbox::policy
