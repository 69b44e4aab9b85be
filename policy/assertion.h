// What the Worker signs of each request that comes through the tunnel, once: the gateway splits it into these
// fields, the monitor builds the text again from them and verifies the signature over it.  Nothing that was
// signed is ever parsed by the process that decides.  worker/src/assertion.ts writes the same text;
// tests/vectors/assertion.txt holds both to it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mcpbox::policy {

namespace assertion {

inline constexpr std::string_view kForm = "mcpbox-assertion-v1";
inline constexpr std::size_t kFields = 17;
inline constexpr std::int64_t kLifeSeconds = 60;   // a request is held back no longer than this
inline constexpr std::int64_t kAheadSeconds = 30;  // the Worker's clock may be ahead of ours; beyond: refused
inline constexpr std::int64_t kNonceSeconds = 180;  // nonces are remembered, and reloaded at a start
inline constexpr std::size_t kNonces = 20'000;  // of those at most; beyond: refused until one is forgotten

// Bytes of each field; what is longer is refused by the Worker and by the wire.
inline constexpr std::size_t kKeyIdBytes = 32;
inline constexpr std::size_t kIssuerBytes = 256;
inline constexpr std::size_t kAudienceBytes = 64;
inline constexpr std::size_t kMethodBytes = 8;
inline constexpr std::size_t kPathBytes = 128;
inline constexpr std::size_t kQueryBytes = 1024;
inline constexpr std::size_t kRpcMethodBytes = 128;
inline constexpr std::size_t kRpcNameBytes = 2048;
inline constexpr std::size_t kSubjectBytes = 256;
inline constexpr std::size_t kEmailBytes = 254;
inline constexpr std::size_t kClientIdBytes = 1024;
inline constexpr std::size_t kScopeBytes = 256;

}  // namespace assertion

struct Assertion {
  std::string_view key_id;
  std::string_view issuer;    // the Worker's public URL
  std::string_view audience;  // this installation
  std::int64_t issued_at = 0;
  std::int64_t expires_at = 0;
  std::array<unsigned char, 16> nonce{};
  std::string_view method;  // of HTTP
  std::string_view path;
  std::string_view query;
  std::array<unsigned char, 32> body{};  // SHA-256
  std::string_view rpc_method;           // empty for a client's answer, and without a body
  std::string_view rpc_name;             // of the tool or prompt, or the URI of the resource
  std::string_view subject;
  std::string_view email;  // empty when nobody vouches for one
  std::string_view client_id;
  std::string_view scope;
};

// The text that is signed.  Nothing when a field has a control character: it could be two fields.
[[nodiscard]] std::optional<std::string> text_of(const Assertion& assertion);

// Neither C0 nor C1 controls nor DEL.  The text is UTF-8 already.
[[nodiscard]] bool has_controls(std::string_view text);

}  // namespace mcpbox::policy
