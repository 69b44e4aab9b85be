// The two protocols on one endpoint.
#pragma once

#include "gateway/gateway.h"

namespace mcpbox::gateway {

// A message whose era is decided.
Task<Answered> answer_legacy(Gateway& g, const Incoming& in, const Message& message);
Task<Answered> answer_modern(Gateway& g, const Incoming& in, const Message& message);

// The identity of this server as JSON, and what it tells a language model about itself.
[[nodiscard]] std::string server_info(const Gateway& g);
[[nodiscard]] std::string_view instructions(const Incoming& in);
// In either era.
inline constexpr std::string_view kCapabilities =
    R"({"completions":{},"logging":{},"prompts":{"listChanged":true},)"
    R"("resources":{"listChanged":true,"subscribe":true},"tools":{"listChanged":true}})";

// "name/version" out of a clientInfo object; empty when there is none.
[[nodiscard]] std::string client_text(const json_t* client_info);

// A result of the shared methods with what every 2026-07-28 result carries: resultType, serverInfo in _meta,
// and `hints` ("" or "\"ttlMs\":0,...," with a comma at its end).
[[nodiscard]] std::string modern_result(const Gateway& g, std::string_view result, std::string_view hints);
inline constexpr std::string_view kNotCacheable = R"("ttlMs":0,"cacheScope":"private",)";

}  // namespace mcpbox::gateway
