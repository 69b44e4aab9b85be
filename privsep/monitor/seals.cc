// Runs in the monitor.  Whoever writes to the database can destroy rows, not make them count.
#include "privsep/monitor/seals.h"

#include <string>

#include "privsep/monitor/ids.h"

namespace mcpbox::monitor {

wire::Digest seal_of_approval(const Keys& keys, const ApprovalSeal& row) {
  const std::string at = std::to_string(row.at_ms);
  const std::string sequence = std::to_string(row.sequence);
  if (!row.capabilities)
    return keys.seal("approvals", {view_of(row.tool), view_of(row.digest), row.state, row.by, at, sequence});
  return keys.seal("approvals", {view_of(row.tool), view_of(row.digest), row.state, row.by, at, sequence,
                                 *row.capabilities, view_of(row.server)});
}

wire::Digest seal_of_setting(const Keys& keys, std::string_view key, std::string_view value,
                             std::uint64_t sequence) {
  return keys.seal("settings", {key, value, std::to_string(sequence)});
}

wire::Id subject_of_admin(std::string_view name) {
  const wire::Digest digest = digest_of({"mcpbox-admin-v1", name});
  return array_of<16>(view_of(digest).substr(0, 16)).value_or(wire::Id{});
}

wire::Digest seal_of_admin(const Keys& keys, std::string_view name, std::string_view hash,
                           std::uint64_t sequence) {
  return keys.seal("admins", {name, hash, std::to_string(sequence)});
}

wire::Digest seal_of_grant(const Keys& keys, const Grant& grant) {
  return keys.seal(
      "grants",
      {view_of(grant.id), protocol::name_of(grant.kind), protocol::name_of(grant.state),
       view_of(grant.server), view_of(grant.tool), grant.name, std::to_string(grant.port),
       std::to_string(grant.methods), grant.path, grant.private_too ? "1" : "0", grant.from_admin ? "1" : "0",
       grant.justification, grant.requested_by, std::to_string(grant.requested_at_ms), grant.decided_by,
       grant.reason, std::to_string(grant.decided_at_ms), std::to_string(grant.sequence)});
}

wire::Digest seal_of_secret(const Keys& keys, const StoredSecret& secret) {
  const protocol::SecretBinding& bound = secret.binding;
  return keys.seal(
      "secrets", {view_of(secret.id), view_of(secret.server), secret.key, secret.description,
                  protocol::name_of(bound.mode), bound.host, std::to_string(bound.port),
                  policy::row_of(bound.place).name, bound.name, bound.form, secret.stored, secret.created_by,
                  secret.set_by, std::to_string(secret.set_at_ms), std::to_string(secret.sequence)});
}

}  // namespace mcpbox::monitor
