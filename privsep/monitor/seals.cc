// Runs in the monitor.  Whoever writes to the database can destroy rows, not make them count.
#include "privsep/monitor/seals.h"

#include <string>

#include "privsep/monitor/ids.h"

namespace mcpbox::monitor {

wire::Digest seal_of_approval(const Keys& keys, const ApprovalSeal& row) {
  return keys.seal("approvals", {view_of(row.tool), view_of(row.digest), row.state, row.by,
                                 std::to_string(row.at_ms), std::to_string(row.sequence)});
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

}  // namespace mcpbox::monitor
