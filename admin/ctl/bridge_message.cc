// Runs in mcpboxctl.  Trusts nothing: a line is a client's, and a header must not be made of its line breaks.
#include "admin/ctl/bridge_message.h"

#include <jansson.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "admin/ctl/json.h"
#include "privsep/http/base64.h"

namespace mcpbox::ctl {
namespace {

constexpr const char* kVersionMember = "io.modelcontextprotocol/protocolVersion";

std::string text_of(const json_t* value) {
  return json_is_string(value) ? std::string(json_string_value(value), json_string_length(value)) : "";
}

std::string compact(const json_t* value) {
  struct FreeText {
    void operator()(char* text) const { std::free(text); }
  };
  const std::unique_ptr<char, FreeText> text(json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY));
  return text ? text.get() : "null";
}

// Not parse_json(): how deep a message may be is for the gateway to say.
Json loaded(std::string_view text) {
  return Json(json_loadb(text.data(), text.size(), JSON_ALLOW_NUL, nullptr));
}

bool is_id(const json_t* id) { return json_is_string(id) || json_is_integer(id); }

bool is_plain(const std::string& value) {
  const auto plain = [](char c) { return c > ' ' && c < 0x7f; };
  return !value.empty() && std::ranges::all_of(value, plain) && !value.starts_with("=?");
}

// As it is where a header can hold it, else in Base64.
std::string header_form(const std::string& value) {
  if (is_plain(value)) return value;
  return "=?base64?" + http::base64_encode(value, http::Alphabet::kStandard) + "?=";
}

std::string named_by(const std::string& method, const json_t* params) {
  if (method == "tools/call" || method == "prompts/get") return text_of(json_object_get(params, "name"));
  return method == "resources/read" ? text_of(json_object_get(params, "uri")) : "";
}

}  // namespace

BridgeMessage read_message(std::string_view text) {
  BridgeMessage message;
  const Json json = loaded(text);
  if (!json_is_object(json.get())) return message;
  const json_t* id = json_object_get(json.get(), "id");
  const json_t* method = json_object_get(json.get(), "method");
  const json_t* params = json_object_get(json.get(), "params");
  if (is_id(id)) message.id = compact(id);
  message.method = text_of(method);
  message.name = named_by(message.method, params);
  message.version = text_of(json_object_get(json_object_get(params, "_meta"), kVersionMember));
  if (message.method == "notifications/cancelled") {
    const json_t* which = json_object_get(params, "requestId");
    if (is_id(which)) message.cancelled = compact(which);
  }
  if (!json_is_string(method))
    message.kind = message.id.empty() ? Kind::kBroken : Kind::kResponse;
  else
    message.kind = id == nullptr ? Kind::kNotification : message.id.empty() ? Kind::kBroken : Kind::kRequest;
  return message;
}

bool has_plain_method(const BridgeMessage& message) { return is_plain(message.method); }

HeaderLines headers_beside(const BridgeMessage& message) {
  HeaderLines lines;
  if (message.version.empty()) return lines;
  lines.emplace_back("MCP-Protocol-Version", header_form(message.version));
  lines.emplace_back("Mcp-Method", header_form(message.method));
  if (!message.name.empty()) lines.emplace_back("Mcp-Name", header_form(message.name));
  return lines;
}

std::string error_line(std::string_view id, int code, std::string_view message) {
  const Json words = json_of(message);
  return R"({"jsonrpc":"2.0","id":)" + std::string(id) + R"(,"error":{"code":)" + std::to_string(code) +
         R"(,"message":)" + compact(words.get()) + "}}";
}

std::string answer_line(std::string_view body, std::string_view id) {
  const Json json = loaded(body);
  if (!json_is_object(json.get()))
    return error_line(id, -32603, "MCPbox answered something that is no JSON-RPC message");
  const json_t* error = json_object_get(json.get(), "error");
  if (error == nullptr || is_id(json_object_get(json.get(), "id"))) {
    std::string line(body);
    std::ranges::replace_if(line, [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return line;
  }
  return R"({"jsonrpc":"2.0","id":)" + std::string(id) + R"(,"error":)" + compact(error) + "}";
}

std::string negotiated_version(std::string_view answer) {
  const Json json = loaded(answer);
  return text_of(json_object_get(json_object_get(json.get(), "result"), "protocolVersion"));
}

}  // namespace mcpbox::ctl
