// Runs in the gateways.  Trusts nothing: a cursor comes back from a client.
#include "gateway/cursor.h"

#include "policy/limits.h"
#include "policy/names.h"
#include "privsep/http/base64.h"

namespace mcpbox::gateway {
namespace {

constexpr std::string_view kMark = "after:";

bool is_tool_name(std::string_view name) {
  return policy::split_published_name(name) || policy::tool_name_problem(name) == policy::NameProblem::kNone;
}

}  // namespace

std::string cursor_after(std::string_view last_name) {
  return base64_encode(std::string(kMark) + std::string(last_name), Alphabet::kUrl);
}

std::optional<std::string> name_in_cursor(std::string_view cursor) {
  if (cursor.empty()) return std::string();
  const std::optional<std::string> text = base64_decode(cursor, Alphabet::kUrl);
  if (!text || !text->starts_with(kMark)) return std::nullopt;
  std::string name = text->substr(kMark.size());
  if (name.size() > policy::limits::kPublishedNameBytes || !is_tool_name(name)) return std::nullopt;
  return name;
}

}  // namespace mcpbox::gateway
