// What the bridge must know of a JSON-RPC message that passes through it.  The message itself is passed on as
// it is; these are copies.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mcpbox::ctl {

enum class Kind : std::uint8_t { kBroken, kRequest, kNotification, kResponse };

struct BridgeMessage {
  Kind kind = Kind::kBroken;
  std::string id;         // JSON text; of a request, or of what is answered
  std::string method;     // of a request or notification
  std::string name;       // params.name or params.uri, where a header repeats it
  std::string version;    // of 2026-07-28 and later: every request says its own
  std::string cancelled;  // notifications/cancelled: the id of what is withdrawn, JSON text
};

[[nodiscard]] BridgeMessage read_message(std::string_view text);

// A method that could stand in a header.  No other one exists.
[[nodiscard]] bool has_plain_method(const BridgeMessage& message);

using HeaderLines = std::vector<std::pair<std::string, std::string>>;
// The headers that a message of the newer era has beside its body; none for an older one.
[[nodiscard]] HeaderLines headers_beside(const BridgeMessage& message);

// A line for the client.
[[nodiscard]] std::string error_line(std::string_view id, int code, std::string_view message);
// The answer in `body` as one line, under the id that was asked with; an error that names no request gets it.
[[nodiscard]] std::string answer_line(std::string_view body, std::string_view id);

// The protocol revision of the answer to `initialize`; empty when it is an error.
[[nodiscard]] std::string negotiated_version(std::string_view answer);

}  // namespace mcpbox::ctl
