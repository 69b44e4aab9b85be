// Runs in the gateways.  Trusts nothing: a language model fills these in.  The monitor sees the JSON as
// bytes, so its shape is checked here; MCP schema Tool, Icon, Annotations, and the rules on x-mcp-header.
#include "gateway/manage_content.h"

#include <algorithm>
#include <array>
#include <set>

#include "gateway/param_headers.h"
#include "policy/names.h"
#include "privsep/base/visible.h"
#include "privsep/http/ids.h"

namespace mcpbox::gateway {
namespace {

using protocol::Field;
using protocol::Kind;

constexpr std::size_t kTitleChars = 100;
constexpr std::size_t kHeaderNameBytes = 64;

std::string shown(std::string_view text) { return "`" + base::visible(fitting(text, 60)) + "`"; }

std::string invalid(const char* field, const std::string& rule, const char* next) {
  return std::string("Invalid ") + field + ": " + rule + ". " + next;
}

bool is_short_text(const json_t* value, std::size_t most) {
  return json_is_string(value) && !text_of(value).empty() && text_of(value).size() <= most;
}

bool is_audience(const json_t* value) {
  bool good = json_is_array(value);
  std::size_t i = 0;
  json_t* item = nullptr;
  json_array_foreach(value, i, item) good = good && (text_of(item) == "user" || text_of(item) == "assistant");
  return good;
}

bool is_share(const json_t* value) {
  return json_is_number(value) && json_number_value(value) >= 0 && json_number_value(value) <= 1;
}

struct Annotation {
  const char* name;
  bool tools, others;  // for which kinds
  bool (*fits)(const json_t*);
  const char* rule;
};
constexpr const char* kBooleanRule = "must be true or false";
// clang-format off
constexpr Annotation kAnnotations[] = {
    { "title",           true,  true,  [](const json_t* v) { return is_short_text(v, 4 * kTitleChars); }, "must be a text of at most 100 characters" },
    { "readOnlyHint",    true,  false, [](const json_t* v) { return json_is_boolean(v) != 0; }, kBooleanRule },
    { "destructiveHint", true,  false, [](const json_t* v) { return json_is_boolean(v) != 0; }, kBooleanRule },
    { "idempotentHint",  true,  false, [](const json_t* v) { return json_is_boolean(v) != 0; }, kBooleanRule },
    { "openWorldHint",   true,  false, [](const json_t* v) { return json_is_boolean(v) != 0; }, kBooleanRule },
    { "audience",        false, true,  is_audience, "must be an array of user and assistant" },
    { "priority",        false, true,  is_share, "must be a number from 0 to 1" },
    { "mimeType",        false, true,  [](const json_t* v) { return is_short_text(v, 100); }, "must be a media type such as text/plain" },
};
// clang-format on

std::string annotations_problem(const json_t* given, std::optional<Kind> kind) {
  constexpr const char* kNext = "Use only the members that the argument's description names, or leave it out";
  const char* name = nullptr;
  json_t* value = nullptr;
  json_object_foreach(const_cast<json_t*>(given), name, value) {
    const auto* row = std::ranges::find(kAnnotations, std::string_view(name),
                                        [](const Annotation& a) { return std::string_view(a.name); });
    if (row == std::end(kAnnotations)) return invalid("annotations", shown(name) + " is not known", kNext);
    if (kind && !(*kind == Kind::kTool ? row->tools : row->others))
      return invalid("annotations",
                     shown(name) + " does not go with the kind " + std::string(kind_text(*kind)), kNext);
    if (!row->fits(value)) return invalid("annotations", shown(name) + " " + row->rule, kNext);
  }
  return {};
}

bool is_icon_source(std::string_view source) {
  const bool known = source.starts_with("https://") || source.starts_with("data:image/");
  return known && std::ranges::all_of(source, [](char c) { return c > ' ' && c < 0x7f; });
}

std::string icon_rule(const json_t* icon) {
  if (!json_is_object(icon)) return "each icon must be an object";
  if (!is_icon_source(text_of(json_object_get(icon, "src"))))
    return "src must be an https: or data:image/ URL without spaces";
  const char* name = nullptr;
  json_t* value = nullptr;
  json_object_foreach(const_cast<json_t*>(icon), name, value) {
    const std::string_view member = name;
    if (member == "src") continue;
    if (member == "mimeType") {
      if (!is_short_text(value, 100)) return "mimeType must be a media type such as image/png";
    } else if (member == "theme") {
      if (text_of(value) != "light" && text_of(value) != "dark") return "theme must be light or dark";
    } else if (member == "sizes") {
      bool good = json_is_array(value);
      std::size_t i = 0;
      json_t* size = nullptr;
      json_array_foreach(value, i, size) good = good && is_short_text(size, 20);
      if (!good) return "sizes must be an array such as [\"48x48\"]";
    } else {
      return shown(member) + " is not known";
    }
  }
  return {};
}

std::string icons_problem(const json_t* given) {
  constexpr const char* kNext = "Correct it, or leave icons out";
  if (json_array_size(given) > policy::limits::kIcons)
    return invalid("icons", "has more than " + std::to_string(policy::limits::kIcons) + " icons", kNext);
  std::size_t i = 0;
  json_t* icon = nullptr;
  json_array_foreach(given, i, icon) {
    const std::string rule = icon_rule(icon);
    if (!rule.empty()) return invalid("icons", rule, kNext);
  }
  return {};
}

bool is_scheme_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

// RFC 3986 scheme, then visible ASCII; RFC 6570 level 1: {name}, not nested.
std::string uri_problem(std::string_view uri) {
  constexpr const char* kNext = "Pass a URI with a scheme, such as notes://today or notes://{day}";
  const std::size_t colon = uri.find(':');
  const bool scheme = colon != std::string_view::npos && colon > 0 && uri[0] >= 'a' && uri[0] <= 'z' &&
                      std::ranges::all_of(uri.substr(0, colon), is_scheme_character);
  if (!scheme) return invalid("uri_template", "must begin with a scheme in lower case and a colon", kNext);
  if (!std::ranges::all_of(uri, [](char c) { return c > ' ' && c < 0x7f; }))
    return invalid("uri_template", "must be visible ASCII; write other characters as %XX", kNext);
  for (std::size_t at = uri.find_first_of("{}"); at != std::string_view::npos;
       at = uri.find_first_of("{}", at)) {
    const std::size_t end = uri.find_first_of("{}", at + 1);
    const bool pair = uri[at] == '{' && end != std::string_view::npos && uri[end] == '}';
    if (!pair || !policy::is_module_name(uri.substr(at + 1, end - at - 1)))
      return invalid("uri_template", "each {part} must be a parameter of main() in braces", kNext);
    at = end + 1;
  }
  return {};
}

constexpr std::string_view kTokenSigns = "!#$%&'*+-.^_`|~";  // RFC 9110 tchar, beside letters and digits

bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= kHeaderNameBytes && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kTokenSigns.find(c) != std::string_view::npos;
  });
}

constexpr const char* kHeadersNext = "Correct it, or leave headers out";

std::string headers_problem(const json_t* given) {
  std::set<std::string> names;
  const char* argument = nullptr;
  json_t* header = nullptr;
  json_object_foreach(const_cast<json_t*>(given), argument, header) {
    if (!is_token(text_of(header)))
      return invalid("headers", shown(argument) + " needs a header name of letters, digits and hyphens",
                     kHeadersNext);
    std::string lower(text_of(header));
    std::ranges::transform(lower, lower.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    if (!names.insert(lower).second)
      return invalid("headers", "two arguments have the header " + shown(lower), kHeadersNext);
  }
  return {};
}

bool fits_header(const json_t* property) {
  const std::string_view type = text_of(json_object_get(property, "type"));
  return type == "string" || type == "integer" || type == "boolean";
}

Task<Json> schema_for(const ManageCall& c, const protocol::ToolContent& content) {
  if (!content.input_schema.empty()) co_return parse_object(content.input_schema);
  if (!content.code.empty()) {
    protocol::ValidateCode question{.ticket = c.call.in.ticket, .code = content.code};
    const base::Result<protocol::CodeReport> report = co_await attempt(c.call.g.monitor->ask(question));
    co_return report ? parse_object(report->input_schema) : Json();
  }
  protocol::Read question{.ticket = c.call.in.ticket, .query = protocol::Query::kGetTool};
  question.subject = c.arguments.id("tool_id");
  const base::Result<protocol::JsonText> text = co_await attempt(c.call.g.monitor->ask(question));
  const Json tool = text ? parse_object(text->json) : Json();
  co_return parse_object(text_of(json_object_get(tool.get(), "input_schema")));
}

}  // namespace

protocol::FieldSet fill_content(protocol::ToolContent& into, const Arguments& from) {
  protocol::FieldSet given = 0;
  const auto have = [&](Field field) {
    const std::string name(protocol::kFieldNames[static_cast<std::size_t>(field)]);
    const bool there = from.has(name.c_str());
    if (there) given |= protocol::bit(field);
    return there;
  };
  if (have(Field::kKind)) into.kind = kind_of(from.text("kind")).value_or(Kind::kTool);
  if (have(Field::kName)) into.name = from.text("name");
  if (have(Field::kDescription)) into.description = from.text("description");
  if (have(Field::kCode)) into.code = from.text("python_code");
  if (have(Field::kInputSchema)) into.input_schema = from.json("input_schema");
  if (have(Field::kOutputSchema)) into.output_schema = from.json("output_schema");
  if (have(Field::kAnnotations)) into.annotations = from.json("annotations");
  if (have(Field::kIcons)) into.icons = from.json("icons");
  if (have(Field::kUriTemplate)) into.uri_template = from.text("uri_template");
  if (have(Field::kHeaders)) into.headers = from.json("headers");
  if (have(Field::kTimeout)) into.timeout_ms = from.number("timeout_ms", 0);
  return given;
}

std::string content_problem(const Arguments& given, std::optional<Kind> kind) {
  std::string problem = annotations_problem(given.value("annotations"), kind);
  if (problem.empty()) problem = icons_problem(given.value("icons"));
  if (problem.empty() && given.has("uri_template")) problem = uri_problem(given.text("uri_template"));
  if (problem.empty()) problem = headers_problem(given.value("headers"));
  return problem;
}

Task<std::string> header_problem(const ManageCall& c, const protocol::ToolContent& content) {
  const json_t* headers = c.arguments.value("headers");
  if (json_object_size(headers) == 0) co_return std::string();
  const Json schema = co_await schema_for(c, content);
  if (!schema) co_return std::string();  // the code is at fault, and the monitor's answer will say how
  const json_t* properties = json_object_get(schema.get(), "properties");
  const char* argument = nullptr;
  json_t* header = nullptr;
  json_object_foreach(const_cast<json_t*>(headers), argument, header) {
    if (fits_header(json_object_get(properties, argument))) continue;
    co_return invalid("headers",
                      shown(argument) + " is no parameter of main() with type string, integer or boolean",
                      kHeadersNext);
  }
  // As clients will see it: they drop a tool two of whose arguments travel in one header.
  json_object_foreach(const_cast<json_t*>(headers), argument, header) {
    json_object_set(json_object_get(properties, argument), "x-mcp-header", header);
  }
  if (param_headers(compact(schema.get())).empty())
    co_return invalid("headers",
                      "the input schema annotates another argument with one of these headers (x-mcp-header)",
                      kHeadersNext);
  co_return std::string();
}

}  // namespace mcpbox::gateway
