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
#include "privsep/wire/fields.h"

namespace mcpbox::gateway {

enum class ArgumentType : std::uint8_t { kText, kName, kId, kInteger, kBoolean, kObject };
enum class Presence : std::uint8_t { kRequired, kOptional };

struct Argument {
  const char* name;
  ArgumentType type;
  Presence presence;
  std::uint32_t least;  // characters of a text, value of an integer
  std::uint32_t most;
  const char* what;  // for the schema: a sentence
  const char* next;  // for an error: what to call or do to get it right
};

// {"type":"object","properties":{...},"required":[...],"additionalProperties":false}
[[nodiscard]] std::string schema_of(std::span<const Argument> rows);

// Nothing when `given` (an object, or null for {}) fits the rows; else which argument breaks which rule, what
// was received, and what to do next.
[[nodiscard]] std::optional<std::string> problem_with(std::string_view tool, std::span<const Argument> rows,
                                                      const json_t* given);

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
  [[nodiscard]] const json_t* object(const char* name) const { return json_object_get(object_, name); }

 private:
  const json_t* object_;
};

}  // namespace mcpbox::gateway
