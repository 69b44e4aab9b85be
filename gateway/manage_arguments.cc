// Runs in the gateways.  Trusts nothing: a language model fills these in, and learns from what the error
// says.
#include "gateway/manage_arguments.h"

#include "gateway/manage_problem.h"

#include <algorithm>

#include "policy/names.h"
#include "privsep/base/visible.h"
#include "privsep/http/ids.h"

namespace mcpbox::gateway {
namespace {

constexpr std::size_t kShownBytes = 60;  // of a received value
constexpr const char* kNamePattern = "^[a-z][a-z0-9]*(_[a-z0-9]+)*$";

std::string number_text(std::uint32_t number) { return std::to_string(number); }

std::string bounds_of(const Argument& row) {
  return R"("minLength":)" + number_text(row.least) + R"(,"maxLength":)" + number_text(row.most);
}

std::string type_of(const Argument& row) {
  switch (row.type) {
    case ArgumentType::kText:
      return R"("type":"string",)" + bounds_of(row);
    case ArgumentType::kName:
      return R"("type":"string",)" + bounds_of(row) + R"(,"pattern":)" + quoted(kNamePattern);
    case ArgumentType::kId:
      return R"("type":"string","format":"uuid")";
    case ArgumentType::kInteger:
      return R"("type":"integer","minimum":)" + number_text(row.least) + R"(,"maximum":)" +
             number_text(row.most);
    case ArgumentType::kBoolean:
      return R"("type":"boolean")";
    case ArgumentType::kObject:
      return R"("type":"object")";
    case ArgumentType::kArray:
      return R"("type":"array","items":{"type":"object"})";
    case ArgumentType::kKind:
      return R"("type":"string","enum":["tool","prompt","resource","resource_template"])";
  }
  return {};
}

// One `type` a schema: several clients refuse a list of them.
std::string property_of(const Argument& row) {
  const std::string type = type_of(row);
  const bool clearable = row.presence == Presence::kClearable;
  return quoted(row.name) + ":{" + (clearable ? R"("anyOf":[{)" + type + R"(},{"type":"null"}])" : type) +
         R"(,"description":)" + quoted(row.what) + "}";
}

std::string shown(const json_t* value) {
  const std::string text = base::visible(compact(value));
  return text.size() <= kShownBytes ? text : fitting(text, kShownBytes) + "...";
}

// next: the tool that the advice names; the advice of most is to call the same one again.
std::string tool_after(std::string_view tool, std::string_view advice) {
  std::string named = tool_named_in(advice);
  return named.empty() ? std::string(tool) : named;
}

std::size_t characters_in(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

// The rule that the value breaks; empty when it breaks none.
std::string broken_text_rule(const Argument& row, const json_t* value) {
  if (!json_is_string(value)) return "must be a string";
  if (text_of(value).find('\0') != std::string_view::npos) return "must not contain the character NUL";
  const std::size_t characters = characters_in(text_of(value));
  if (characters < row.least) return "must not be empty";
  if (characters > row.most)
    return "has " + std::to_string(characters) + " characters; the limit is " + number_text(row.most);
  return {};
}

std::string broken_size_rule(const Argument& row, const json_t* value) {
  const std::size_t bytes = row.most == 0 ? 0 : compact(value).size();
  if (bytes <= row.most) return {};
  return "has " + std::to_string(bytes) + " bytes as JSON; the limit is " + number_text(row.most);
}

std::string broken_rule(const Argument& row, const json_t* value) {
  if (row.presence == Presence::kClearable && json_is_null(value)) return {};
  switch (row.type) {
    case ArgumentType::kText:
      return broken_text_rule(row, value);
    case ArgumentType::kName:
      return json_is_string(value) ? policy::reason_of(policy::tool_name_problem(text_of(value)))
                                   : "must be a string";
    case ArgumentType::kId:
      return id_of(text_of(value)) ? "" : "must be a UUID such as 123e4567-e89b-42d3-a456-426614174000";
    case ArgumentType::kInteger: {
      const json_int_t number = json_integer_value(value);
      const bool inside = json_is_integer(value) && number >= row.least && number <= row.most;
      return inside ? ""
                    : "must be an integer from " + number_text(row.least) + " to " + number_text(row.most);
    }
    case ArgumentType::kBoolean:
      return json_is_boolean(value) ? "" : "must be true or false";
    case ArgumentType::kObject:
      return json_is_object(value) ? broken_size_rule(row, value)
                                   : "must be an object such as {\"city\": \"Oslo\"}";
    case ArgumentType::kArray:
      return json_is_array(value) ? broken_size_rule(row, value) : "must be an array of objects";
    case ArgumentType::kKind:
      return kind_of(text_of(value)) ? "" : "must be one of tool, prompt, resource, resource_template";
  }
  return {};
}

std::optional<Problem> unknown_argument(std::string_view tool, std::span<const Argument> rows,
                                        const json_t* given) {
  const char* key = nullptr;
  json_t* value = nullptr;
  json_object_foreach(const_cast<json_t*>(given), key, value) {
    const bool known =
        std::ranges::any_of(rows, [&](const Argument& row) { return std::string_view(row.name) == key; });
    if (known) continue;
    std::string names;
    for (const Argument& row : rows) names += (names.empty() ? "" : ", ") + std::string(row.name);
    const std::string rule = std::string(tool) + " takes " + (names.empty() ? "no arguments" : names);
    const std::string name = base::visible(fitting(key, kShownBytes));
    return Problem{.code = code_of(base::Why::kInvalid),
                   .field = name,
                   .rule = rule,
                   .received = shown(value),
                   .next = std::string(tool),
                   .text = "Unknown argument `" + name + "`. " + rule + "."};
  }
  return std::nullopt;
}

}  // namespace

std::string schema_of(std::span<const Argument> rows) {
  std::string properties, required;
  for (const Argument& row : rows) {
    properties += (properties.empty() ? "" : ",") + property_of(row);
    if (row.presence == Presence::kRequired) required += (required.empty() ? "" : ",") + quoted(row.name);
  }
  std::string out = R"({"type":"object","properties":{)" + properties + "}";
  if (!required.empty()) out += R"(,"required":[)" + required + "]";
  return out + R"(,"additionalProperties":false})";
}

std::optional<Problem> problem_with(std::string_view tool, std::span<const Argument> rows,
                                    const json_t* given) {
  for (const Argument& row : rows) {
    const json_t* value = json_object_get(given, row.name);
    if (value == nullptr && row.presence != Presence::kRequired) continue;
    Problem problem{
        .code = code_of(base::Why::kInvalid), .field = row.name, .next = tool_after(tool, row.next)};
    if (value == nullptr) {
      problem.rule = "is required by " + std::string(tool);
      problem.text = problem.field + " " + problem.rule + ". " + row.next;
      return problem;
    }
    problem.rule = broken_rule(row, value);
    if (problem.rule.empty()) continue;
    problem.received = shown(value);
    problem.text =
        "Invalid " + problem.field + ": " + problem.rule + "; received " + problem.received + ". " + row.next;
    return problem;
  }
  return unknown_argument(tool, rows, given);
}

std::optional<protocol::Kind> kind_of(std::string_view word) {
  using enum protocol::Kind;
  for (const protocol::Kind kind : {kTool, kPrompt, kResource, kResourceTemplate})
    if (kind_text(kind) == word) return kind;
  return std::nullopt;
}

std::string Arguments::json(const char* name) const {
  const json_t* found = value(name);
  return found == nullptr || json_is_null(found) ? std::string() : compact(found);
}

wire::Id Arguments::id(const char* name) const { return id_of(text(name)).value_or(wire::Id{}); }

std::uint32_t Arguments::number(const char* name, std::uint32_t otherwise) const {
  const json_t* value = json_object_get(object_, name);
  return value == nullptr ? otherwise : static_cast<std::uint32_t>(json_integer_value(value));
}

}  // namespace mcpbox::gateway
