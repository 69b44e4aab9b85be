// What each sealed row's seal covers.  A row whose seal does not fit is not a row.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "privsep/monitor/grants.h"
#include "privsep/monitor/keys.h"
#include "privsep/monitor/secrets.h"

namespace mcpbox::monitor {

struct ApprovalSeal {
  wire::Id tool{};
  wire::Digest digest{};
  std::string_view state;  // approved, rejected, revoked
  std::string_view by;
  std::int64_t at_ms = 0;
  std::uint64_t sequence = 0;                    // of the decision's audit record
  std::optional<std::string_view> capabilities;  // rows of before they were kept have none
  wire::Id
      server{};  // the tool's: its hosts and secrets are not another one's.  Covered with the capabilities
};

wire::Digest seal_of_approval(const Keys& keys, const ApprovalSeal& row);
wire::Digest seal_of_setting(const Keys& keys, std::string_view key, std::string_view value,
                             std::uint64_t sequence);
// The subject of an admin's audit records: admins have no id of their own.
wire::Id subject_of_admin(std::string_view name);
wire::Digest seal_of_admin(const Keys& keys, std::string_view name, std::string_view hash,
                           std::uint64_t sequence);

// Every field of a grant but `saving`; of a secret likewise, its closed value included.
wire::Digest seal_of_grant(const Keys& keys, const Grant& grant);
wire::Digest seal_of_secret(const Keys& keys, const StoredSecret& secret);

}  // namespace mcpbox::monitor
