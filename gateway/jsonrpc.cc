// Runs in the gateways.  Trusts nothing: the body is a client's.  JSON-RPC 2.0, MCP basic/index.
#include "gateway/jsonrpc.h"

#include "privsep/http/json_check.h"

namespace mcpbox::gateway {
namespace {

using Parsed = std::expected<Message, RpcError>;

std::unexpected<RpcError> refuse(int code, std::string message, std::string id = "null") {
  return std::unexpected(
      RpcError{.status = 400, .code = code, .message = std::move(message), .id = std::move(id)});
}

bool is_integer(std::string_view text) {
  return !text.empty() && text.find_first_not_of("-0123456789") == std::string_view::npos;
}

Parsed take_apart(Json root, const std::optional<std::string>& id, bool has_id) {
  Message message{.root = std::move(root)};
  const json_t* object = message.root.get();
  const json_t* method = json_object_get(object, "method");
  const std::string known_id = id.value_or("null");
  if (text_of(json_object_get(object, "jsonrpc")) != "2.0")
    return refuse(kInvalidRequest, "Invalid request: `jsonrpc` must be \"2.0\".", known_id);
  if (has_id && !id) return refuse(kInvalidRequest, "Invalid request: `id` must be a string or an integer.");
  message.id = id.value_or("");
  if (method == nullptr) {
    const bool answer =
        json_object_get(object, "result") != nullptr || json_object_get(object, "error") != nullptr;
    if (!answer || !has_id) return refuse(kInvalidRequest, "Invalid request: `method` is missing.", known_id);
    message.kind = MessageKind::kResponse;
    return message;
  }
  if (text_of(method).empty())
    return refuse(kInvalidRequest, "Invalid request: `method` must be a string that is not empty.", known_id);
  message.kind = has_id ? MessageKind::kRequest : MessageKind::kNotification;
  message.method = text_of(method);
  message.params = json_object_get(object, "params");
  if (message.params != nullptr && !json_is_object(message.params))
    return refuse(kInvalidRequest, "Invalid request: `params` must be an object.", known_id);
  return message;
}

}  // namespace

std::expected<Message, RpcError> parse_message(std::string_view body) {
  std::string why;
  Json root = parse_value(body, &why);
  if (!root) return refuse(kParseError, "Parse error: " + why + ".");
  if (json_is_array(root.get()))
    return refuse(kInvalidRequest, "Invalid request: batches are not supported.");
  if (!json_is_object(root.get()))
    return refuse(kInvalidRequest, "Invalid request: the message must be an object.");
  const std::optional<std::string_view> raw_id = find_member(body, "id");
  const bool has_id = json_object_get(root.get(), "id") != nullptr;
  return take_apart(std::move(root), raw_id ? id_text(*raw_id) : std::nullopt, has_id);
}

std::optional<std::string> id_text(std::string_view text) {
  if (is_integer(text)) return std::string(text);
  if (!text.starts_with('"')) return std::nullopt;
  const Json value = parse_value(text);
  if (!json_is_string(value.get())) return std::nullopt;
  return quoted(text_of(value.get()));
}

std::string result_body(std::string_view id, std::string_view result) {
  std::string out = R"({"jsonrpc":"2.0","id":)";
  out.reserve(out.size() + id.size() + result.size() + 16);
  out.append(id).append(R"(,"result":)").append(result).append("}");
  return out;
}

std::string error_body(const RpcError& error) {
  std::string out = R"({"jsonrpc":"2.0","id":)" + error.id + R"(,"error":{"code":)" +
                    std::to_string(error.code) + R"(,"message":)" + quoted(error.message);
  if (!error.data.empty()) out += R"(,"data":)" + error.data;
  return out + "}}";
}

}  // namespace mcpbox::gateway
