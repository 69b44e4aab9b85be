// Pure.  Data, and how a value is checked against it.
#include "policy/settings.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace mcpbox::policy {
namespace {

// clang-format off
constexpr SettingRow kSettings[] = {
    {Setting::kRemoteToolEditing, "remote_tool_editing", "disabled", "enabled", "disabled", "enabled", 0, 0,
     "Whether callers who come through the tunnel may create, change and delete servers and tools.",
     "whoever controls a remote session can change what reviewers are asked to approve"},
    {Setting::kToolApprovalMode, "tool_approval_mode", "require_approval", "auto_approve", "require_approval", "auto_approve", 0, 0,
     "Whether a person must approve a tool before it can be called. auto_approve covers local callers only.",
     "what a language model on this machine publishes runs without anybody having read it"},
    {Setting::kNetworkAccessPolicy, "network_access_policy", "require_approval", "allow_all_public", "require_approval", "allow_all_public", 0, 0,
     "Whether a person must approve each host that tools reach. Private addresses always need an approval.",
     "every tool can send what it knows to any public address"},
    {Setting::kModuleApprovalMode, "module_approval_mode", "require_approval", "auto_approve", "require_approval", "auto_approve", 0, 0,
     "Whether a person must approve each module beside the default ones. auto_approve covers local callers only.",
     "any installed module is importable as soon as a local caller asks for it"},
    {Setting::kRedactSecretsInOutput, "redact_secrets_in_output", "enabled", "disabled", "enabled", "disabled", 0, 0,
     "Whether values of exposed secrets are replaced in results, output, errors and logs.",
     "a tool that prints an exposed secret shows it to the language model and to the log"},
    {Setting::kLogRetentionDays, "log_retention_days", "30", "", "30", "", 1, 3650,
     "How many days the execution log and the audit log are kept.", ""},
    {Setting::kMcpRateLimitRpm, "mcp_rate_limit_rpm", "300", "", "300", "", 10, 10'000,
     "How many requests a minute one caller may send to the MCP endpoints.", ""},
    {Setting::kDecideFrom, "decide_from", "ui+ctl", "ctl", "ctl", "", 0, 0,
     "Where decisions are taken: in the web UI and with mcpboxctl, or with mcpboxctl alone.", ""},
    {Setting::kAnonymousListing, "anonymous_listing", "disabled", "enabled", "disabled", "enabled", 0, 0,
     "Whether callers through the tunnel without an e-mail address may list tools.",
     "whoever signs in without an address that somebody vouches for reads the names and descriptions of all tools"},
    {Setting::kLogRetentionMb, "log_retention_mb", "1024", "", "1024", "", 16, 1'048'576,
     "How many megabytes the execution log and the audit log may hold, each; the oldest go first.", ""},
};
// clang-format on
static_assert(std::size(kSettings) == kSettingCount);

using enum Setting;
constexpr std::array<ProfileValue, 5> kStrict{{{kToolApprovalMode, "require_approval"},
                                               {kModuleApprovalMode, "require_approval"},
                                               {kNetworkAccessPolicy, "require_approval"},
                                               {kRemoteToolEditing, "disabled"},
                                               {kRedactSecretsInOutput, "enabled"}}};
constexpr std::array<ProfileValue, 5> kBalanced{{{kToolApprovalMode, "auto_approve"},
                                                 {kModuleApprovalMode, "auto_approve"},
                                                 {kNetworkAccessPolicy, "require_approval"},
                                                 {kRemoteToolEditing, "disabled"},
                                                 {kRedactSecretsInOutput, "enabled"}}};
constexpr std::array<ProfileValue, 5> kPermissive{{{kToolApprovalMode, "auto_approve"},
                                                   {kModuleApprovalMode, "auto_approve"},
                                                   {kNetworkAccessPolicy, "allow_all_public"},
                                                   {kRemoteToolEditing, "enabled"},
                                                   {kRedactSecretsInOutput, "enabled"}}};
constexpr ProfileRow kProfiles[] = {
    {"strict", "A person approves every tool, module and host; remote callers only use what exists.",
     kStrict},
    {"balanced",
     "What local callers write runs at once, in the same jail; every host they want to reach is still "
     "approved "
     "by a person; remote callers only use what exists.",
     kBalanced},
    {"permissive",
     "What local callers write runs at once and reaches every public address; remote callers may write "
     "tools, "
     "which a person approves.",
     kPermissive},
};

}  // namespace

std::span<const SettingRow> settings() { return kSettings; }

const SettingRow& row_of(Setting setting) { return kSettings[static_cast<std::size_t>(setting) - 1]; }

const SettingRow* find_setting(std::string_view key) {
  const auto* const found = std::ranges::find(kSettings, key, &SettingRow::key);
  return found == std::end(kSettings) ? nullptr : found;
}

bool is_allowed(const SettingRow& row, std::string_view value) {
  if (!row.other.empty()) return value == row.standard || value == row.other;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  return error == std::errc() && end == value.data() + value.size() && value.front() != '0' &&
         number >= row.least && number <= row.most;
}

std::span<const ProfileRow> profiles() { return kProfiles; }

const ProfileRow* find_profile(std::string_view name) {
  const auto* const found = std::ranges::find(kProfiles, name, &ProfileRow::name);
  return found == std::end(kProfiles) ? nullptr : found;
}

}  // namespace mcpbox::policy
