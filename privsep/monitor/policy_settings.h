// The settings of policy/settings.h as they are now.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "policy/settings.h"
#include "privsep/wire/fields.h"

namespace mcpbox::monitor {

class PolicySettings {
 public:
  PolicySettings();

  [[nodiscard]] std::string_view value(policy::Setting setting) const { return values_[place(setting)]; }
  [[nodiscard]] bool weaker(policy::Setting setting) const;
  // The value is one that the row allows.
  void set(policy::Setting setting, std::string_view value) { values_[place(setting)] = value; }
  // The name of the profile that they make up, or "".
  [[nodiscard]] std::string_view profile() const;

  // For callers on this machine only: whoever asks has checked that.
  [[nodiscard]] bool approves_tools() const { return weaker(policy::Setting::kToolApprovalMode); }
  [[nodiscard]] bool approves_modules() const { return weaker(policy::Setting::kModuleApprovalMode); }
  [[nodiscard]] bool all_public() const { return weaker(policy::Setting::kNetworkAccessPolicy); }
  [[nodiscard]] bool remote_editing() const { return weaker(policy::Setting::kRemoteToolEditing); }
  [[nodiscard]] bool anonymous_listing() const { return weaker(policy::Setting::kAnonymousListing); }
  [[nodiscard]] bool redacts() const { return !weaker(policy::Setting::kRedactSecretsInOutput); }
  [[nodiscard]] std::int64_t retention_days() const { return number(policy::Setting::kLogRetentionDays); }
  [[nodiscard]] std::int64_t rate_limit_rpm() const { return number(policy::Setting::kMcpRateLimitRpm); }
  [[nodiscard]] bool decides_in_ui() const { return value(policy::Setting::kDecideFrom) != "ctl"; }

 private:
  static std::size_t place(policy::Setting setting) { return static_cast<std::size_t>(setting) - 1; }
  [[nodiscard]] std::int64_t number(policy::Setting setting) const;
  std::array<std::string, policy::kSettingCount> values_;
};

// The subject of a setting's audit records: settings have no id of their own.
[[nodiscard]] wire::Id subject_of_setting(std::string_view key);

inline constexpr const char* kSettingAction = "set_setting";

}  // namespace mcpbox::monitor
