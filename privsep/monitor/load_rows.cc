// Runs in the monitor: rows as the monitor knows them, and the seal that each must have.  Read at the start,
// and again when the master key is replaced.
#include "privsep/monitor/loading.h"
#include "privsep/monitor/seals.h"

namespace mcpbox::monitor::loading {
namespace {

using protocol::GrantKind;
using protocol::GrantState;

std::uint64_t sequence_of(const Row& row, std::size_t column) {
  return static_cast<std::uint64_t>(number(row, column));
}

GrantState grant_state_of(std::string_view word) {
  for (const GrantState state : {GrantState::kApproved, GrantState::kRejected, GrantState::kRevoked})
    if (protocol::name_of(state) == word) return state;
  return GrantState::kPending;
}

}  // namespace

Grant grant_of(const Row& row) {
  Grant grant{.id = bytes<16>(row, 0),
              .kind = text(row, 1) == "module" ? GrantKind::kModule : GrantKind::kHost,
              .state = grant_state_of(text(row, 2)),
              .server = bytes<16>(row, 3),
              .tool = bytes<16>(row, 4),
              .name = text(row, 5)};
  grant.port = static_cast<std::uint16_t>(number(row, 6));
  grant.methods = static_cast<policy::Methods>(number(row, 7));
  grant.path = text(row, 8);
  grant.private_too = text(row, 9) == "t";
  grant.from_admin = text(row, 10) == "t";
  grant.justification = text(row, 11);
  grant.requested_by = text(row, 12);
  grant.requested_at_ms = number(row, 13);
  grant.decided_by = text(row, 14);
  grant.reason = text(row, 15);
  grant.decided_at_ms = number(row, 16);
  grant.sequence = static_cast<std::uint64_t>(number(row, 17));
  return grant;
}

StoredSecret secret_of(const Row& row) {
  StoredSecret secret{.id = bytes<16>(row, 0), .server = bytes<16>(row, 1), .key = text(row, 2)};
  secret.description = text(row, 3);
  secret.binding.mode =
      text(row, 4) == "exposed" ? protocol::SecretMode::kExposed : protocol::SecretMode::kSealed;
  secret.binding.host = text(row, 5);
  secret.binding.port = static_cast<std::uint16_t>(number(row, 6));
  for (const policy::SecretPlaceRow& place : policy::kSecretPlaces)
    if (place.name == text(row, 7)) secret.binding.place = place.place;
  secret.binding.name = text(row, 8);
  secret.binding.form = text(row, 9);
  secret.stored = text(row, 10);
  secret.created_by = text(row, 11);
  secret.set_by = text(row, 12);
  secret.set_at_ms = number(row, 13);
  secret.sequence = static_cast<std::uint64_t>(number(row, 14));
  return secret;
}

AdminSession session_of(const Row& row) {
  return {.id = bytes<16>(row, 0),
          .token_hash = bytes<32>(row, 1),
          .admin = text(row, 2),
          .client = text(row, 3),
          .address = text(row, 4),
          .created_at_ms = number(row, 5),
          .expires_at_ms = number(row, 6)};
}

ClientToken client_of(const Row& row) {
  return {.name = text(row, 0),
          .hash = bytes<32>(row, 1),
          .created_by = text(row, 2),
          .created_at_ms = number(row, 3)};
}

wire::Digest seal_of_approval_row(const Monitor& m, const Keys& keys, const Row& row) {
  const auto tool = m.catalogue.tools().find(bytes<16>(row, 1));
  if (tool == m.catalogue.tools().end()) return {};
  const std::string state = text(row, 3);
  const std::string by = text(row, 4);
  return seal_of_approval(keys, {.tool = tool->first,
                                 .digest = bytes<32>(row, 2),
                                 .state = state,
                                 .by = by,
                                 .at_ms = number(row, 7),
                                 .sequence = sequence_of(row, 6),
                                 .capabilities = row.at(9),
                                 .server = tool->second.server});
}

wire::Digest seal_of_admin_row(const Monitor& /*m*/, const Keys& keys, const Row& row) {
  return seal_of_admin(keys, text(row, 0), text(row, 1), sequence_of(row, 2));
}

wire::Digest seal_of_session_row(const Monitor& /*m*/, const Keys& keys, const Row& row) {
  return seal_of_session(keys, session_of(row), sequence_of(row, 7));
}

wire::Digest seal_of_client_row(const Monitor& /*m*/, const Keys& keys, const Row& row) {
  return seal_of_client(keys, client_of(row), sequence_of(row, 4));
}

wire::Digest seal_of_setting_row(const Monitor& /*m*/, const Keys& keys, const Row& row) {
  return seal_of_setting(keys, text(row, 0), text(row, 1), sequence_of(row, 2));
}

wire::Digest seal_of_grant_row(const Monitor& /*m*/, const Keys& keys, const Row& row) {
  return seal_of_grant(keys, grant_of(row));
}

}  // namespace mcpbox::monitor::loading
