// The settings that an administrator may change while MCPbox runs, and the three profiles.  One table: the
// monitor enforces it, mcpboxctl and the UI show it, docs/grants.md is checked against it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace mcpbox::policy {

enum class Setting : std::uint8_t {
  kRemoteToolEditing = 1,
  kToolApprovalMode,
  kNetworkAccessPolicy,
  kModuleApprovalMode,
  kRedactSecretsInOutput,
  kLogRetentionDays,
  kMcpRateLimitRpm,
  kDecideFrom,
  kAnonymousListing,
  kLogRetentionMb,
};
inline constexpr std::size_t kSettingCount = 10;
constexpr bool is_known(Setting setting) {
  return setting >= Setting::kRemoteToolEditing && setting <= Setting::kLogRetentionMb;
}

struct SettingRow {
  Setting setting;
  std::string_view key;
  std::string_view standard;   // the value of a new installation
  std::string_view other;      // the second value; empty for a number
  std::string_view strictest;  // what holds when the stored decision cannot be trusted
  std::string_view weaker;     // the value that status and UI show as weaker; empty when neither is
  std::int64_t least;          // of a number
  std::int64_t most;
  std::string_view what;          // in plain words
  std::string_view weaker_words;  // what the weaker value gives up
};

[[nodiscard]] std::span<const SettingRow> settings();
[[nodiscard]] const SettingRow& row_of(Setting setting);
[[nodiscard]] const SettingRow* find_setting(std::string_view key);

// Is `value` one that the row allows?  A number has no sign and no leading zero.
[[nodiscard]] bool is_allowed(const SettingRow& row, std::string_view value);

struct ProfileValue {
  Setting setting;
  std::string_view value;
};
struct ProfileRow {
  std::string_view name;
  std::string_view what;
  std::span<const ProfileValue> values;  // what a profile does not name it leaves as it is
};
[[nodiscard]] std::span<const ProfileRow> profiles();
[[nodiscard]] const ProfileRow* find_profile(std::string_view name);

}  // namespace mcpbox::policy
