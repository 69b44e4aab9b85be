// What the author of a tool sets: one list of fields.  Messages, digest, rows, the summary of a change and
// the comparison of versions are all made from it, so a field that is added here is bound by approvals from
// then on.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>

#include "policy/limits.h"
#include "privsep/wire/fields.h"

namespace mcpbox::protocol {

namespace limits = policy::limits;

enum class Kind : std::uint8_t { kTool = 1, kPrompt, kResource, kResourceTemplate };
constexpr bool is_known(Kind kind) { return kind >= Kind::kTool && kind <= Kind::kResourceTemplate; }

// By these names in rows, in the digest and towards clients.
constexpr std::string_view kind_text(Kind kind) {
  switch (kind) {
    case Kind::kTool:
      return "tool";
    case Kind::kPrompt:
      return "prompt";
    case Kind::kResource:
      return "resource";
    case Kind::kResourceTemplate:
      return "resource_template";
  }
  return "tool";
}

// The JSON in it is text that a gateway or a compile child has checked; the monitor never looks inside.
struct ToolContent {
  Kind kind = Kind::kTool;
  wire::Text<limits::kNameBytes> name;
  wire::Text<limits::kDescriptionBytes> description;
  wire::Text<limits::kCodeBytes> code;
  wire::Text<limits::kSchemaBytes> input_schema;      // JSON object
  wire::Text<limits::kSchemaBytes> output_schema;     // JSON object, or empty
  wire::Text<limits::kAnnotationsBytes> annotations;  // JSON object, or empty
  wire::Text<limits::kIconsBytes> icons;              // JSON array, or empty
  wire::Text<limits::kUriBytes> uri_template;         // of a resource: its URI; of a template: RFC 6570
  wire::Text<limits::kHeadersBytes> headers;  // JSON object, argument -> name of its HTTP header; or empty
  std::uint32_t timeout_ms = 0;               // 0: its server's default
  static auto fields(auto& m) {
    return std::tie(m.kind, m.name, m.description, m.code, m.input_schema, m.output_schema, m.annotations,
                    m.icons, m.uri_template, m.headers, m.timeout_ms);
  }
};

// Positions in fields(), and the names by which authors know them: the arguments of mcpbox_create_tool.
enum class Field : std::uint8_t {
  kKind,
  kName,
  kDescription,
  kCode,
  kInputSchema,
  kOutputSchema,
  kAnnotations,
  kIcons,
  kUriTemplate,
  kHeaders,
  kTimeout,
};
inline constexpr std::array<std::string_view, 11> kFieldNames = {
    "kind",        "name",  "description",  "python_code", "input_schema", "output_schema",
    "annotations", "icons", "uri_template", "headers",     "timeout_ms",
};
static_assert(std::tuple_size_v<decltype(ToolContent::fields(std::declval<ToolContent&>()))> ==
              kFieldNames.size());

using FieldSet = std::uint32_t;  // bit i: field i
constexpr FieldSet bit(Field field) { return FieldSet{1} << static_cast<unsigned>(field); }
inline constexpr FieldSet kEveryField = (FieldSet{1} << kFieldNames.size()) - 1;

namespace detail {

inline std::string field_text(Kind kind) { return std::string(kind_text(kind)); }
inline std::string field_text(std::uint32_t number) { return std::to_string(number); }
inline std::string field_text(const std::string& text) { return text; }

}  // namespace detail

// Every field as text, in order.
inline std::array<std::string, kFieldNames.size()> field_texts(const ToolContent& content) {
  return std::apply(
      [](const auto&... field) {
        return std::array<std::string, kFieldNames.size()>{detail::field_text(field)...};
      },
      ToolContent::fields(content));
}

// The fields in which the two differ.
inline FieldSet differences(const ToolContent& a, const ToolContent& b) {
  const auto left = ToolContent::fields(a);
  const auto right = ToolContent::fields(b);
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return ((std::get<I>(left) == std::get<I>(right) ? FieldSet{0} : FieldSet{1} << I) | ...);
  }(std::make_index_sequence<kFieldNames.size()>{});
}

// Those fields of `from`, and nothing else, into `into`.
inline void take_fields(ToolContent& into, const ToolContent& from, FieldSet which) {
  auto left = ToolContent::fields(into);
  const auto right = ToolContent::fields(from);
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (((which >> I & 1) != 0 ? void(std::get<I>(left) = std::get<I>(right)) : void()), ...);
  }(std::make_index_sequence<kFieldNames.size()>{});
}

// "name, python_code"; empty for none.
inline std::string names_of(FieldSet which) {
  std::string names;
  for (std::size_t i = 0; i < kFieldNames.size(); ++i)
    if ((which >> i & 1) != 0) names += (names.empty() ? "" : ", ") + std::string(kFieldNames[i]);
  return names;
}

}  // namespace mcpbox::protocol
