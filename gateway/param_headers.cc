// Runs in the gateways.  Trusts nothing: schemas are authors', headers and arguments a client's.
#include "gateway/param_headers.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "gateway/era.h"

namespace mcpbox::gateway {
namespace {

constexpr const char* kAnnotation = "x-mcp-header";
constexpr double kExactIntegers = 9007199254740992.0;  // from here on, doubles skip some

bool is_token(std::string_view text) {
  Headers one;
  one.add(text, "");
  return one.names_are_tokens();
}

bool may_be_annotated(const json_t* property) {
  const std::string_view type = text_of(json_object_get(property, "type"));
  return type == "string" || type == "integer" || type == "boolean";
}

class Walk {
 public:
  // False when an annotation breaks the rules.
  bool visit(const json_t* schema) {
    const json_t* properties = json_object_get(schema, "properties");
    const char* name = nullptr;
    json_t* property = nullptr;
    json_object_foreach(const_cast<json_t*>(properties), name, property) {
      path_.emplace_back(name);
      if (!take(property) || !visit(property)) return false;
      path_.pop_back();
    }
    return true;
  }
  std::vector<ParamHeader> found;

 private:
  bool take(const json_t* property) {
    const json_t* annotation = json_object_get(property, kAnnotation);
    if (annotation == nullptr) return true;
    const std::string header(text_of(annotation));
    const bool taken = std::ranges::any_of(
        found, [&](const ParamHeader& other) { return lower(other.header) == lower(header); });
    if (!is_token(header) || taken || !may_be_annotated(property)) return false;
    found.push_back({.header = header, .path = path_});
    return true;
  }
  std::vector<std::string> path_;
};

const json_t* value_at(const json_t* arguments, const std::vector<std::string>& path) {
  const json_t* value = arguments;
  for (const std::string& step : path) value = json_object_get(value, step.c_str());
  return json_is_null(value) ? nullptr : value;
}

// 42 and 42.0 are one number.
bool is_number(std::string_view text, const json_t* value) {
  if (json_is_integer(value) && text == std::to_string(json_integer_value(value))) return true;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return false;
  return std::abs(number) < kExactIntegers && number == json_number_value(value);
}

bool says(std::string_view text, const json_t* value) {
  if (json_is_string(value)) return text == text_of(value);
  if (json_is_boolean(value)) return text == (json_is_true(value) ? "true" : "false");
  return json_is_number(value) && is_number(text, value);
}

}  // namespace

std::vector<ParamHeader> param_headers(std::string_view schema) {
  if (schema.find(kAnnotation) == std::string_view::npos) return {};
  const Json parsed = parse_object(schema);
  Walk walk;
  return walk.visit(parsed.get()) ? std::move(walk.found) : std::vector<ParamHeader>();
}

std::optional<std::string> header_problem(const std::vector<ParamHeader>& wanted, const Headers& headers,
                                          const json_t* arguments) {
  for (const ParamHeader& one : wanted) {
    const std::string name = "Mcp-Param-" + one.header;
    const json_t* value = value_at(arguments, one.path);
    const auto header = headers.find(name);
    if (headers.count(name) > 1) return "The header " + name + " appears twice.";
    if (value == nullptr && !header) continue;
    if (!header) return "The header " + name + " is missing.";
    const std::optional<std::string> text = header_value(*header);
    if (!text) return "The header " + name + " is not valid Base64.";
    if (value == nullptr || !says(*text, value))
      return "The header " + name + " is not the argument in the body.";
  }
  return std::nullopt;
}

const ParamHeaders::Tools* ParamHeaders::find(const std::string& server) const {
  const auto found = servers_.find(server);
  return found == servers_.end() ? nullptr : &found->second;
}

void ParamHeaders::keep(const std::string& server, Tools tools, std::uint64_t age) {
  if (age == age_) servers_[server] = std::move(tools);
}

}  // namespace mcpbox::gateway
