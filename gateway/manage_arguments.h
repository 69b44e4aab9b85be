// The arguments of a management tool: one row each, from which both the schema that clients see and the check
// that every call passes are made, so that they cannot differ.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gateway/using_http.h"
#include "privsep/http/json.h"
#include "privsep/protocol/tool_content.h"
#include "privsep/wire/fields.h"

namespace mcpbox::gateway {

enum class ArgumentType : std::uint8_t { kText, kName, kId, kInteger, kBoolean, kObject, kArray, kKind };
// kClearable: optional, and null takes away what there is.
enum class Presence : std::uint8_t { kRequired, kOptional, kClearable };

struct Argument {
  const char* name;
  ArgumentType type;
  Presence presence;
  std::uint32_t least;  // characters of a text, value of an integer; of an array or object only `most`: bytes
  std::uint32_t most;
  const char* what;  // for the schema: a sentence
  const char* next;  // for an error: what to call or do to get it right
};

// {"type":"object","properties":{...},"required":[...],"additionalProperties":false}
[[nodiscard]] std::string schema_of(std::span<const Argument> rows);

// Why a call was not done: `text` for a language model, the rest the same taken apart for a program.
struct Problem {
  std::string code;      // "invalid_argument", ...: code_of() in manage_problem.h
  std::string field;     // the argument; empty when it is none
  std::string rule;      // what the field, or the state of things, does not fulfil
  std::string received;  // the field's value, shortened
  std::string next;      // the tool to call next
  std::string text;      // all of it as a sentence
};

// Nothing when `given` (an object, or null for {}) fits the rows; else which argument breaks which rule, what
// was received, and what to do next.
[[nodiscard]] std::optional<Problem> problem_with(std::string_view tool, std::span<const Argument> rows,
                                                  const json_t* given);

[[nodiscard]] std::optional<protocol::Kind> kind_of(std::string_view word);

// Arguments that have passed problem_with(); absent ones give the default.
class Arguments {
 public:
  explicit Arguments(const json_t* object) : object_(object) {}
  [[nodiscard]] bool has(const char* name) const { return json_object_get(object_, name) != nullptr; }
  [[nodiscard]] std::string_view text(const char* name) const {
    return text_of(json_object_get(object_, name));
  }
  [[nodiscard]] wire::Id id(const char* name) const;
  [[nodiscard]] std::uint32_t number(const char* name, std::uint32_t otherwise) const;
  [[nodiscard]] bool boolean(const char* name) const { return json_is_true(json_object_get(object_, name)); }
  [[nodiscard]] const json_t* value(const char* name) const { return json_object_get(object_, name); }
  // The value as JSON text on one line; empty when it is absent or null.
  [[nodiscard]] std::string json(const char* name) const;

 private:
  const json_t* object_;
};

}  // namespace mcpbox::gateway
