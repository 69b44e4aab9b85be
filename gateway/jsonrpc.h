// One JSON-RPC message per POST (MCP 2025-06-18 and later: no batches).
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/using_http.h"
#include "privsep/http/json.h"

namespace mcpbox::gateway {

// JSON-RPC and MCP error codes (2026-07-28, basic/index "Error Codes").
inline constexpr int kParseError = -32700;
inline constexpr int kInvalidRequest = -32600;
inline constexpr int kMethodNotFound = -32601;
inline constexpr int kInvalidParams = -32602;
inline constexpr int kInternalError = -32603;
inline constexpr int kTransportError = -32000;   // what SDKs send for a broken HTTP rule; legacy wire only
inline constexpr int kSessionNotFound = -32001;  // legacy wire only
inline constexpr int kHeaderMismatch = -32020;
inline constexpr int kMissingCapability = -32021;
inline constexpr int kUnsupportedVersion = -32022;

struct RpcError {
  int status = 200;  // HTTP
  int code = kInternalError;
  std::string message;
  std::string data;         // JSON text, or empty
  std::string id = "null";  // JSON text
};

enum class MessageKind : std::uint8_t { kRequest, kNotification, kResponse };

struct Message {
  Json root;
  MessageKind kind = MessageKind::kRequest;
  std::string id;            // JSON text, type kept; empty for a notification
  std::string method;        // empty for a response
  json_t* params = nullptr;  // an object inside root, or null

  [[nodiscard]] json_t* param(const char* name) const { return json_object_get(params, name); }
};

// The message in a request body, or the error to answer with status 400.  Refused besides what JSON-RPC
// refuses: arrays, members given twice, nesting beyond limits::kJsonDepth, ids that are not strings or
// integers.
[[nodiscard]] std::expected<Message, RpcError> parse_message(std::string_view body);

// An id as it is compared: equal strings are equal however they were escaped.  Nothing unless a string or an
// integer.
//   text   the JSON text of the value, where the value can be a number of any size
[[nodiscard]] std::optional<std::string> id_text(std::string_view text);

[[nodiscard]] std::string result_body(std::string_view id, std::string_view result);
[[nodiscard]] std::string error_body(const RpcError& error);

}  // namespace mcpbox::gateway
