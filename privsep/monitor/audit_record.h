// One record of the audit chain, before it has a place in it.
#pragma once

#include <cstdint>
#include <string>

#include "privsep/wire/fields.h"

namespace mcpbox::monitor {

enum class AuditKind : std::uint16_t {
  kCallIntent = 1,  // subject = tool, call = call id, digest = what will run, detail = BLAKE2b of the body
  kCallOutcome,     // subject = tool, call = call id, number = protocol::CallEnd
  kDecision,        // subject = tool; approve, reject
  kConfiguration,   // subject = server or tool; created, changed, started, stopped, frozen, thawed
  kAuthentication,  // who was let in or refused
  kChildEnding,     // number = wait status
  kLifecycle,       // monitor started, stopped; calls left open by a crash recorded as unknown
  kSecretRead,      // egress filled a sealed value in
  kRefusal,         // a call that did not begin
};

struct AuditRecord {
  AuditKind kind = AuditKind::kLifecycle;
  std::string actor;        // at most 128 bytes: "unix:alice", "root", "net-local"
  std::string action;       // a row of audit/actions.h: "approve", "call", "freeze"
  wire::Id subject{};       // zero when there is none
  wire::Id call{};          // zero when there is none
  wire::Digest digest{};    // zero when there is none
  std::int64_t number = 0;  // see kind
  std::string payload;      // at most limits::kAuditPayloadBytes; any bytes
};

}  // namespace mcpbox::monitor
