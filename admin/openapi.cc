// Runs in admin.  Says what the route table says, to programs and to people; nothing in it comes from
// outside.
#include <algorithm>

#include "admin/routes.h"
#include "admin/schemas.h"

namespace mcpbox::admin {
namespace {

constexpr std::string_view kStyle =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1c2430;"
    "background:#fff}h1{font-size:1.6rem}h2{margin-top:2rem;border-bottom:1px solid #d5dbe3}"
    "table{border-collapse:collapse;width:100%}td{padding:.35rem .6rem;border-bottom:1px solid #e6eaf0;"
    "vertical-align:top}code,pre{font:14px/1.45 ui-monospace,monospace}pre{background:#f4f6f9;padding:.8rem;"
    "overflow:auto;white-space:pre-wrap}.m{font-weight:600;white-space:nowrap}a{color:#1659c7}"
    "@media(prefers-color-scheme:dark){body{background:#12161d;color:#dde3ec}td{border-color:#2a323e}"
    "h2{border-color:#394353}pre{background:#1a202a}a{color:#7fb0ff}}";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '&')
      out += "&amp;";
    else
      out += c;
  }
  return out;
}

std::string lower_method(Method method) { return lower(name_of(method)); }

std::string parameter(std::string_view name, std::string_view where) {
  return R"({"name":)" + quoted(name) + R"(,"in":)" + quoted(where) + R"(,"required":)" +
         (where == "path" ? "true" : "false") + R"(,"schema":)" + std::string(parameter_schema(name)) + "}";
}

std::string parameters_of(const Route& route) {
  std::string out;
  const auto add = [&out](std::string_view name, std::string_view where) {
    out += (out.empty() ? "" : ",") + parameter(name, where);
  };
  for (std::string_view rest = route.path; rest.find('{') != std::string_view::npos;) {
    rest.remove_prefix(rest.find('{') + 1);
    add(rest.substr(0, rest.find('}')), "path");
  }
  for (std::string_view rest = route.query; !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find(' '));
    add(name, "query");
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
  }
  return out;
}

std::string reference(std::string_view schema) {
  return R"({"application/json":{"schema":{"$ref":"#/components/schemas/)" + std::string(schema) + R"("}}})";
}

std::string content_of(const Route& route) {
  if (route.gives.empty()) return {};
  if (route.gives == "Page") return R"(,"content":{"text/html":{"schema":{"type":"string"}}})";
  if (route.gives == "Events") return R"(,"content":{"text/event-stream":{"schema":{"type":"string"}}})";
  if (route.gives == "Numbers") return R"(,"content":{"text/plain":{"schema":{"type":"string"}}})";
  if (route.gives == "Style") return R"(,"content":{"text/css":{"schema":{"type":"string"}}})";
  return R"(,"content":)" + reference(route.gives);
}

// "GET /api/tools/{tool_id}" is get_tools_tool_id.
std::string operation_id(const Route& route) {
  std::string id = lower_method(route.method);
  for (const char c : route.path.substr(route.path.starts_with("/api/") ? 4 : 0)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (plain || id.back() != '_') id += plain ? c : '_';
  }
  while (id.ends_with('_')) id.pop_back();
  return id;
}

std::string operation(const Route& route) {
  std::string out = R"({"operationId":)" + quoted(operation_id(route)) + R"(,"summary":)" +
                    quoted(route.summary) + R"(,"tags":[)" + quoted(route.group) + R"(],"parameters":[)" +
                    parameters_of(route) + "]";
  if (!route.takes.empty())
    out += R"(,"requestBody":{"required":true,"content":)" + reference(route.takes) + "}";
  out +=
      route.needs == Needs::kSession ? R"(,"security":[{"cookie":[]},{"bearer":[]}])" : R"(,"security":[])";
  out += R"(,"responses":{")" + std::to_string(route.status) + R"(":{"description":"Done")" +
         content_of(route) +
         R"(},"default":{"description":"Not done: what is wrong and what to do","content":)" +
         reference("Problem") + "}}}";
  return out;
}

std::string paths() {
  std::string out;
  std::vector<std::string_view> done;
  for (const Route& first : routes()) {
    if (std::ranges::find(done, first.path) != done.end()) continue;
    done.push_back(first.path);
    out += (out.empty() ? "" : ",") + quoted(first.path) + ":{";
    bool comma = false;
    for (const Route& route : routes()) {
      if (route.path != first.path) continue;
      out += (comma ? "," : "") + quoted(lower_method(route.method)) + ":" + operation(route);
      comma = true;
    }
    out += "}";
  }
  return out;
}

void add_group(std::string& out, std::string_view group) {
  out += "<h2>" + escaped(group) + "</h2><table>";
  for (const Route& route : routes()) {
    if (route.group != group) continue;
    out += "<tr><td class=\"m\">" + std::string(name_of(route.method)) + "</td><td><code>" +
           escaped(route.path) + "</code></td><td>" + escaped(route.summary) +
           (route.needs == Needs::kNothing ? " (without signing in)" : "") + "</td><td>";
    if (!route.query.empty()) out += "query: <code>" + escaped(route.query) + "</code><br>";
    for (const auto& [word, schema] : {std::pair{"takes ", route.takes}, std::pair{"gives ", route.gives}})
      if (!schema.empty())
        out += std::string(word) + "<a href=\"#" + std::string(schema) + "\">" + std::string(schema) +
               "</a><br>";
    out += "</td></tr>";
  }
  out += "</table>";
}

}  // namespace

std::string openapi_document(std::string_view version) {
  std::string out =
      R"({"openapi":"3.1.0","info":{"title":"MCPbox admin API","version":)" + quoted(version) +
      R"(,"description":"For the person who approves. Sign in at /api/auth/login: browsers get a cookie, )"
      R"(scripts ask for a token and send it as Bearer."},"servers":[{"url":"/"}],"paths":{)";
  out +=
      paths() +
      R"(},"components":{"securitySchemes":{"cookie":{"type":"apiKey","in":"cookie","name":"mcpbox_session"},)"
      R"("bearer":{"type":"http","scheme":"bearer"}},"schemas":{)";
  bool comma = false;
  for (const Schema& schema : schemas()) {
    out += (comma ? "," : "") + quoted(schema.name) + ":" + std::string(schema.json);
    comma = true;
  }
  return out + "}}}";
}

std::string docs_page(std::string_view version) {
  std::string out =
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>MCPbox admin API</title>"
      "<meta name=\"viewport\" content=\"width=device-width\"><link rel=\"stylesheet\" "
      "href=\"docs.css\"></head><body>"
      "<h1>MCPbox admin API " +
      escaped(version) +
      "</h1><p>Everything is JSON; a change is sent with <code>Content-Type: "
      "application/json</code>. Sign in with <code>POST /api/auth/login</code>: a browser gets a cookie, a "
      "script sends "
      "<code>\"token\": true</code> and uses <code>Authorization: Bearer</code> from then on. Errors are "
      "<code>{\"detail\": ...}</code>. The same for programs: <a href=\"openapi.json\">openapi.json</a>.</p>";
  std::vector<std::string_view> groups;
  for (const Route& route : routes())
    if (std::ranges::find(groups, route.group) == groups.end()) groups.push_back(route.group);
  for (const std::string_view group : groups) add_group(out, group);
  out += "<h2>Shapes</h2>";
  for (const Schema& schema : schemas()) {
    const Json value = parse_value(schema.json);
    out += "<h3 id=\"" + std::string(schema.name) + "\">" + std::string(schema.name) + "</h3><pre>" +
           escaped(indented(value.get())) + "</pre>";
  }
  return out + "</body></html>";
}

Task<Answered> on_openapi(Admin& a, const Incoming& /*in*/) {
  co_return Answered(Response{.body = a.openapi});
}

Task<Answered> on_docs(Admin& a, const Incoming& /*in*/) {
  Response response{.body = docs_page(a.version), .content_type = "text/html; charset=utf-8"};
  response.headers.emplace_back(
      "Content-Security-Policy",
      "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'");
  co_return response;
}

Task<Answered> on_docs_style(Admin& /*a*/, const Incoming& /*in*/) {
  co_return Answered(Response{.body = std::string(kStyle), .content_type = "text/css; charset=utf-8"});
}

}  // namespace mcpbox::admin
