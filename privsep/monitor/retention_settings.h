// What the settings say about how long the audit log is kept.
#pragma once

#include <cstdlib>
#include <string>

#include "privsep/monitor/audit_retention.h"
#include "privsep/monitor/policy_settings.h"

namespace mcpbox::monitor {

// The value of a setting that is a number: policy/settings.h has checked it.
inline std::int64_t number_of(const PolicySettings& policy, policy::Setting setting) {
  return std::strtoll(std::string(policy.value(setting)).c_str(), nullptr, 10);
}

inline AuditRetention::Prune too_old(const PolicySettings& policy, std::int64_t now_ms) {
  constexpr std::int64_t kDayMs = 86'400'000;
  constexpr std::int64_t kMegabyte = 1'048'576;
  return {.actor = "priv",
          .before_ms = now_ms - number_of(policy, policy::Setting::kLogRetentionDays) * kDayMs,
          .most_bytes =
              static_cast<std::uint64_t>(number_of(policy, policy::Setting::kLogRetentionMb) * kMegabyte)};
}

}  // namespace mcpbox::monitor
