// Runs in the monitor, once, before it serves: grants, secrets and settings, as load.cc does for approvals.
#include <set>

#include "privsep/monitor/loading.h"
#include "privsep/monitor/seals.h"

namespace mcpbox::monitor::loading {
namespace {

StoredSecret emptied(StoredSecret secret) {
  secret.stored.clear();
  secret.set_by.clear();
  secret.set_at_ms = 0;
  return secret;
}

}  // namespace

void take_grants(Monitor& m, const Rows& rows, const LastDecisions& last) {
  for (const Row& row : rows.rows) {
    Grant grant = grant_of(row);
    if (last.voids(grant.sequence)) continue;
    const std::string what = "the grant of " + text_of(grant);
    const bool orphan = m.catalogue.find_server(grant.server) == nullptr && grant.server != kNoId;
    const bool outlives = grant.kind == protocol::GrantKind::kModule && grant.approved();  // its server
    if (!Keys::same(seal_of_grant(m.keys, grant), bytes<32>(row, 18)))
      ignore(m, what, kForgedRow);
    else if (grant.sequence < last_of(last, std::string(view_of(grant.id)), kGrantActions))
      ignore(m, what, kOldRow);
    else if (!outlives && grant.sequence < deleted_at(last, grant.server))
      ignore(m, what, kDeletedRow);
    else if (!orphan || outlives)
      m.grants.put(std::move(grant));
  }
}

void take_secrets(Monitor& m, const Rows& rows, const LastDecisions& last) {
  for (const Row& row : rows.rows) {
    StoredSecret secret = secret_of(row);
    const std::string what = "the secret " + secret.key;
    if (!Keys::same(seal_of_secret(m.keys, secret), bytes<32>(row, 15)))
      ignore(m, what, kForgedRow);
    else if (secret.sequence < last_of(last, std::string(view_of(secret.id)), kSecretActions))
      ignore(m, what, kOldRow);
    else if (secret.sequence < deleted_at(last, secret.server))
      ignore(m, what, kDeletedRow);
    else {
      // Its name stays, so that a new value can be set; which host it was for, an administrator says again.
      if (last.voids(secret.sequence)) secret = emptied(std::move(secret));
      m.secrets.put(std::move(secret));
    }
  }
}

void take_policy(Monitor& m, const Rows& rows, const LastDecisions& last) {
  std::set<policy::Setting> trusted;
  // The configuration's rate holds until somebody decides on another one.
  if (m.settings.requests_per_minute != 0)
    m.policy.set(policy::Setting::kMcpRateLimitRpm, std::to_string(m.settings.requests_per_minute));
  for (const Row& row : rows.rows) {
    const policy::SettingRow* setting = policy::find_setting(text(row, 0));
    const auto sequence = static_cast<std::uint64_t>(number(row, 2));
    if (setting == nullptr) continue;  // take_freeze() has looked at it
    const wire::Digest seal = seal_of_setting_row(m, m.keys, row);
    const std::string subject(view_of(subject_of_setting(setting->key)));
    if (!Keys::same(seal, bytes<32>(row, 3)) || !policy::is_allowed(*setting, text(row, 1))) continue;
    if (last.voids(sequence)) continue;
    if (sequence < last_of(last, subject, {kSettingAction})) {
      ignore(m, "setting " + std::string(setting->key), kOldRow);
      continue;
    }
    m.policy.set(setting->setting, text(row, 1));
    trusted.insert(setting->setting);
  }
  for (const policy::SettingRow& setting : policy::settings()) {
    const std::string subject(view_of(subject_of_setting(setting.key)));
    const bool decided = last_of(last, subject, {kSettingAction}) != 0 || last.trusted_from != 0;
    if (trusted.contains(setting.setting) || !decided) continue;
    m.policy.set(setting.setting, setting.strictest);
    if (last.trusted_from == 0)
      ignore(m, "what the database says about setting " + std::string(setting.key),
             "the audit chain knows a decision and its row is not there; the strictest value holds");
  }
}

void take_remote(Monitor& m, const Rows& rows, const LastDecisions& last) {
  for (const Row& row : rows.rows) {
    if (text(row, 0) != kRemoteSetting) continue;
    const auto sequence = static_cast<std::uint64_t>(number(row, 2));
    const wire::Digest seal = seal_of_setting_row(m, m.keys, row);
    std::optional<RemoteConfig> config = remote_config_of(text(row, 1));
    const std::string subject(view_of(subject_of_setting(kRemoteSetting)));
    if (!Keys::same(seal, bytes<32>(row, 3)) || !config) continue;  // take_freeze() has said so
    if (last.voids(sequence)) continue;
    if (sequence < last_of(last, subject, {kRemoteAction}))
      ignore(m, "the setting of remote access", kOldRow);
    else
      m.remote.set(std::move(*config));
  }
}

void take_nonces(Monitor& m, const Rows& rows) {
  for (const Row& row : rows.rows) m.remote.spent_before(bytes<16>(row, 0), number(row, 1));
}

}  // namespace mcpbox::monitor::loading
