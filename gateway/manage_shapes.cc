// Runs in the gateways.  Data: schemas of what the management tools answer.  One `type` a schema: several
// clients refuse a list of them.
#include "gateway/manage_shapes.h"

#include <algorithm>

#include "privsep/base/error.h"

namespace mcpbox::gateway {
namespace {

struct Shape {
  std::string_view name;
  std::string_view schema;
};

// clang-format off
constexpr Shape kShapes[] = {
    { "text",   R"({"type":"string"})" },
    { "texts",  R"({"type":"array","items":@text})" },
    { "maybe",  R"({"anyOf":[@text,{"type":"null"}]})" },  // a text, or null where there is none
    { "count",  R"({"type":"integer"})" },
    { "number", R"({"type":"number"})" },
    { "flag",   R"({"type":"boolean"})" },
    { "object", R"({"type":"object"})" },
    { "json",   R"({"anyOf":[@object,{"type":"array"},@text,@number,@flag,{"type":"null"}],"description":"any JSON value"})" },
    // Of every list.
    { "paged",  R"("total":@count,"page":@count,"page_size":@count,"pages":@count)" },

    { "servers", R"({"type":"array","items":{"type":"object","properties":{"id":@text,"name":@text,"description":@text,"status":@text,"tool_count":@count,"created_by":@maybe,"created_at":@text}}})" },
    { "tools",   R"({"type":"array","items":{"type":"object","properties":{"id":@text,"kind":@text,"name":@text,"description":@text,"enabled":@flag,"approval_status":@text}}})" },
    { "pending_counts", R"({"type":"object","properties":{"modules":@count,"network":@count}})" },
    { "found_tools", R"({"type":"array","items":{"type":"object","properties":{"name":@text,"description":@text,"input_schema":@object}}})" },

    { "findings",   R"({"type":"array","items":{"type":"object","properties":{"severity":@text,"rule":@text,"line":@count,"text":@text,"advice":@text}}})" },
    { "parameters", R"({"type":"array","items":{"type":"object","properties":{"name":@text,"type":@text,"required":@flag,"annotation":@text,"description":@json,"default":@json}}})" },
    { "used_secrets", R"({"type":"array","items":{"type":"object","properties":{"key":@text,"line":@count}}})" },
    { "used_hosts",   R"({"type":"array","items":{"type":"object","properties":{"host":@text,"line":@count}}})" },
    { "used_modules", R"({"type":"array","items":{"type":"object","properties":{"name":@text,"line":@count,"status":@text}}})" },

    { "versions",   R"({"type":"array","items":{"type":"object","properties":{"version":@count,"change_summary":@text,"change_source":@text,"author":@maybe,"digest":@text,"approval":@maybe,"created_at":@text}}})" },
    { "version",    R"({"type":"object","properties":{"version":@count,"kind":@text,"name":@text,"description":@text,"enabled":@flag,"timeout_ms":@count,"input_schema":@object,"output_schema":@object,"annotations":@object,"icons":{"type":"array","items":@object},"headers":@object,"uri_template":@text,"python_code":@text,"digest":@text,"change_summary":@text,"change_source":@text,"author":@maybe,"created_at":@text}})" },
    { "comparison", R"({"type":"object","properties":{"from":@count,"to":@count,"fields":@object,"code_diff":@text}})" },
    { "logs",       R"({"type":"array","items":{"type":"object","properties":{"id":@text,"success":@flag,"end":@text,"duration_ms":@number,"error":@maybe,"input_args":@maybe,"result":@maybe,"stdout":@maybe,"executed_by":@text,"client":@text,"is_test":@flag,"digest":@text,"version":@count,"created_at":@text}}})" },

    { "port",  R"({"anyOf":[@count,{"type":"null"}]})" },  // null: every port
    { "module_requests",  R"({"type":"array","items":{"type":"object","properties":{"id":@text,"module_name":@text,"installed":@flag,@request}}})" },
    { "network_requests", R"({"type":"array","items":{"type":"object","properties":{"id":@text,"host":@text,"port":@port,@request}}})" },
    { "request", R"("tool_name":@text,"server_name":@text,"status":@text,"rejection_reason":@maybe,"justification":@text,"requested_by":@text,"created_at":@text)" },
    { "pending_tools",    R"({"type":"array","items":{"type":"object","properties":{"id":@text,"name":@text,"server_name":@text,"version":@count,"digest":@text,"requested_by":@maybe,"requested_at":@maybe}}})" },
    { "pending_summary",  R"({"type":"object","properties":{"tools":@count,"modules":@count,"network":@count,"total":@count}})" },
    { "denied",  R"({"type":"array","items":{"type":"object","properties":{"host":@text,"port":@count,"times":@count,"last_at":@text,"request":{"type":"object","properties":{"tool_id":@text,"host":@text,"port":@count}}}}})" },
    { "review",  R"({"anyOf":[{"type":"object","properties":{"digest":@text,"base_digest":@maybe,"capabilities":@texts,"capabilities_added":{"anyOf":[@texts,{"type":"null"}]},"capabilities_removed":{"anyOf":[@texts,{"type":"null"}]},"last_draft_run":@maybe}},{"type":"null"}]})" },
    { "secrets", R"({"type":"array","items":{"type":"object","properties":{"key":@text,"description":@text,"has_value":@flag,"mode":@text,"host":@text,"port":@count,"place":@text,"place_name":@text,"template":@text,"created_by":@text}}})" },
};
// clang-format on

constexpr bool is_of_word(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }

}  // namespace

std::string with_shapes(std::string_view output) {
  std::string all(output);
  for (std::size_t at = all.find('@'); at != std::string::npos; at = all.find('@', at)) {
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(at) + 1;
    const std::string name(begin, std::find_if_not(begin, all.end(), is_of_word));
    const auto* const shape = std::ranges::find(kShapes, std::string_view(name), &Shape::name);
    if (shape == std::end(kShapes)) PANIC("a shape that there is not");
    all.replace(at, name.size() + 1, shape->schema);
  }
  return all;
}

}  // namespace mcpbox::gateway
