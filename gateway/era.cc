// Runs in the gateways.  Trusts nothing: headers and body are a client's, and must say the same.
// 2026-07-28 basic/transports/streamable-http, "Request Metadata" and "Server Validation".
#include "gateway/era.h"

#include <algorithm>
#include <array>

#include "privsep/http/base64.h"

namespace mcpbox::gateway {
namespace {

using Decided = std::expected<Era, RpcError>;
using Checked = std::expected<void, RpcError>;

constexpr std::array<std::string_view, 3> kLegacyVersions = {"2025-03-26", "2025-06-18", "2025-11-25"};

std::unexpected<RpcError> refuse(const Message& message, int code, std::string text, std::string data = "") {
  return std::unexpected(RpcError{.status = 400,
                                  .code = code,
                                  .message = std::move(text),
                                  .data = std::move(data),
                                  .id = message.id.empty() ? "null" : message.id});
}

Checked check_meta(const Message& message, const std::optional<std::string_view>& header) {
  const json_t* meta = message.param("_meta");
  const json_t* claim = json_object_get(meta, kMetaVersion);
  const bool capabilities = json_is_object(json_object_get(meta, kMetaCapabilities));
  if (!json_is_string(claim)) {
    std::string missing = "params._meta must have \"" + std::string(kMetaVersion) + "\" (string)";
    if (!capabilities) missing += " and \"" + std::string(kMetaCapabilities) + "\" (object)";
    return refuse(message, kInvalidParams, missing + ".");
  }
  const std::string version(text_of(claim));
  if (header && *header != version)
    return refuse(message, kHeaderMismatch, "MCP-Protocol-Version and the version in params._meta differ.");
  if (version != kModernVersion)
    return refuse(message, kUnsupportedVersion, "Unsupported protocol version.",
                  R"({"supported":[)" + quoted(kModernVersion) + R"(],"requested":)" + quoted(version) + "}");
  if (!capabilities)
    return refuse(message, kInvalidParams,
                  "params._meta must have \"" + std::string(kMetaCapabilities) + "\" (object).");
  return {};
}

// The parameter that Mcp-Name repeats, for the methods that have one.
const json_t* named_by(const Message& message) {
  if (message.method == "tools/call" || message.method == "prompts/get") return message.param("name");
  return message.method == "resources/read" ? message.param("uri") : nullptr;
}

Checked check_headers(const Headers& headers, const Message& message) {
  if (!headers.find("MCP-Protocol-Version"))
    return refuse(message, kHeaderMismatch, "The header MCP-Protocol-Version is missing.");
  const auto method = headers.find("Mcp-Method");
  if (!method) return refuse(message, kHeaderMismatch, "The header Mcp-Method is missing.");
  if (*method != message.method)
    return refuse(message, kHeaderMismatch, "The header Mcp-Method is not the body's method.");
  const json_t* name = named_by(message);
  if (!json_is_string(name)) return {};
  const auto header = headers.find("Mcp-Name");
  if (!header) return refuse(message, kHeaderMismatch, "The header Mcp-Name is missing.");
  const std::optional<std::string> value = header_value(*header);
  if (!value) return refuse(message, kHeaderMismatch, "The header Mcp-Name is not valid Base64.");
  if (*value != text_of(name))
    return refuse(message, kHeaderMismatch, "The header Mcp-Name is not the name in the body.");
  return {};
}

}  // namespace

std::expected<Era, RpcError> decide_era(const Headers& headers, const Message& message) {
  const auto header = headers.find("MCP-Protocol-Version");
  const bool claimed = json_object_get(message.param("_meta"), kMetaVersion) != nullptr;
  const bool modern = claimed || (header && is_modern_version(*header));
  if (!modern) return Era::kLegacy;
  if (message.kind == MessageKind::kResponse)
    return refuse(message, kInvalidRequest, "In 2026-07-28 a client sends requests and notifications only.");
  if (message.kind == MessageKind::kNotification) return Era::kModern;
  if (Checked meta = check_meta(message, header); !meta) return std::unexpected(meta.error());
  if (Checked repeated = check_headers(headers, message); !repeated) return std::unexpected(repeated.error());
  return Era::kModern;
}

bool is_modern_version(std::string_view version) {
  return version.size() == kModernVersion.size() && version >= kModernVersion &&
         version.find_first_not_of("0123456789-") == std::string_view::npos;
}

std::string_view negotiate(std::string_view asked) {
  if (asked == "2025-06-18" || asked == kLatestLegacy) return asked;
  return asked == "2025-03-26" ? "2025-06-18" : kLatestLegacy;
}

bool is_legacy_version(std::string_view version) {
  return std::ranges::find(kLegacyVersions, version) != kLegacyVersions.end();
}

std::optional<std::string> header_value(std::string_view header) {
  constexpr std::string_view kOpen = "=?base64?";
  constexpr std::string_view kClose = "?=";
  if (header.size() < kOpen.size() + kClose.size() || !header.starts_with(kOpen) || !header.ends_with(kClose))
    return std::string(header);
  header.remove_prefix(kOpen.size());
  header.remove_suffix(kClose.size());
  return base64_decode(header, Alphabet::kStandard);
}

}  // namespace mcpbox::gateway
