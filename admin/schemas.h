// The shapes of bodies, by the names that the route table uses: JSON Schema 2020-12 as OpenAPI 3.1 takes it.
#pragma once

#include <span>
#include <string_view>

namespace mcpbox::admin {

struct Schema {
  std::string_view name;
  std::string_view json;
};

[[nodiscard]] std::span<const Schema> schemas();  // all of them
[[nodiscard]] std::span<const Schema> authority_schemas();
[[nodiscard]] std::span<const Schema> review_schemas();

// What a parameter of a path or query is.
[[nodiscard]] std::string_view parameter_schema(std::string_view name);

}  // namespace mcpbox::admin
