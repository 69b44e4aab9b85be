// Which protocol a message speaks, decided for each one from its body, in the order of the reference SDKs
// (2026-07-28 basic/versioning; the conformance suite is written against this order).
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "gateway/jsonrpc.h"
#include "gateway/using_http.h"
#include "privsep/http/headers.h"

namespace mcpbox::gateway {

enum class Era : std::uint8_t {
  kLegacy,  // 2025-11-25 and earlier: initialize, sessions
  kModern,  // 2026-07-28: every request carries its version
};

inline constexpr std::string_view kModernVersion = "2026-07-28";
inline constexpr std::string_view kLatestLegacy = "2025-11-25";

inline constexpr const char* kMetaVersion = "io.modelcontextprotocol/protocolVersion";
inline constexpr const char* kMetaCapabilities = "io.modelcontextprotocol/clientCapabilities";
inline constexpr const char* kMetaClient = "io.modelcontextprotocol/clientInfo";
inline constexpr const char* kMetaServer = "io.modelcontextprotocol/serverInfo";
inline constexpr const char* kMetaLogLevel = "io.modelcontextprotocol/logLevel";
inline constexpr const char* kMetaSubscription = "io.modelcontextprotocol/subscriptionId";

// The era, or the error that ends the request: -32602, -32020 and -32022 with status 400, -32600 for a posted
// response on the modern wire.  Modern requests have then passed every check that is not the method's own.
[[nodiscard]] std::expected<Era, RpcError> decide_era(const Headers& headers, const Message& message);

// True for a revision of the modern era, known or not.
[[nodiscard]] bool is_modern_version(std::string_view version);

// The answer to `initialize`: what was asked if we speak it, 2025-06-18 for 2025-03-26 (whose clients could
// send batches, which we do not take), else the latest legacy revision.
[[nodiscard]] std::string_view negotiate(std::string_view asked);
// True when a legacy request may carry this MCP-Protocol-Version.
[[nodiscard]] bool is_legacy_version(std::string_view version);

// The value behind a header of the form =?base64?...?=, or the header itself.  Nothing when the encoding is
// broken.
[[nodiscard]] std::optional<std::string> header_value(std::string_view header);

}  // namespace mcpbox::gateway
