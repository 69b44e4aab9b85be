// Runs in the monitor: the settings and their profiles.  A weaker value counts when it is durable, a stricter
// one at once.
#include "privsep/monitor/monitor.h"
#include "privsep/monitor/seals.h"
#include "privsep/monitor/sql.h"
#include "privsep/protocol/protocol.h"

namespace mcpbox::monitor {

using base::Why;

namespace {

p::SettingValues values_of(const PolicySettings& policy) {
  p::SettingValues all{.profile = policy.profile()};
  for (const policy::SettingRow& row : policy::settings())
    all.values.push_back(
        {.setting = row.setting, .value = policy.value(row.setting), .weaker = policy.weaker(row.setting)});
  return all;
}

loop::Task<> change(Monitor& m, std::string who, policy::Setting setting, std::string value) {
  const policy::SettingRow& row = policy::row_of(setting);
  if (m.policy.value(setting) == value) co_return loop::Nothing{};
  if (!row.weaker.empty() && value != row.weaker) m.policy.set(setting, value);
  AuditRecord record{.kind = AuditKind::kDecision,
                     .actor = std::move(who),
                     .action = kSettingAction,
                     .subject = subject_of_setting(row.key),
                     .payload = std::string(row.key) + "=" + value};
  const Store::MakeRows rows = [&m, &row, &value](std::uint64_t sequence) {
    return std::vector<Statement>{
        {.sql = &sql::kUpsertSetting,
         .params = {Param::text(row.key), Param::text(value),
                    Param::integer(static_cast<std::int64_t>(sequence)),
                    Param::digest(seal_of_setting(m.keys, row.key, value, sequence))}}};
  };
  const std::uint64_t sequence = co_await m.store.commit(std::move(record), rows);
  static_cast<void>(sequence);
  m.policy.set(setting, value);
  if (setting == policy::Setting::kMcpRateLimitRpm) m.rate_changed();
  m.log.info("setting changed", {{"setting", row.key}, {"value", value}});
  co_return loop::Nothing{};
}

}  // namespace

Answer<p::SettingValues> on_read_settings(Monitor& m, Peer& /*asker*/, p::ReadSettings /*q*/) {
  co_return values_of(m.policy);
}

Answer<p::SettingValues> on_change_setting(Monitor& m, Peer& asker, p::ChangeSetting q) {
  if (!policy::is_allowed(policy::row_of(q.setting), q.value))
    co_return base::fail(Why::kInvalid, "the setting does not have this value: see `mcpboxctl settings`");
  const loop::Nothing saved = co_await change(m, asker.person.who, q.setting, std::string(q.value));
  static_cast<void>(saved);
  co_return values_of(m.policy);
}

Answer<p::SettingValues> on_apply_profile(Monitor& m, Peer& asker, p::ApplyProfile q) {
  const policy::ProfileRow* profile = policy::find_profile(q.profile);
  if (profile == nullptr)
    co_return base::fail(Why::kInvalid, "the profiles are strict, balanced and permissive");
  for (const policy::ProfileValue& part : profile->values) {
    const loop::Nothing saved = co_await change(m, asker.person.who, part.setting, std::string(part.value));
    static_cast<void>(saved);
  }
  co_return values_of(m.policy);
}

}  // namespace mcpbox::monitor
