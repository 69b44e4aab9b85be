// Runs in the monitor.  Pure.
#include "privsep/monitor/policy_settings.h"

#include <algorithm>
#include <charconv>

#include "privsep/monitor/ids.h"
#include "privsep/monitor/keys.h"

namespace mcpbox::monitor {

PolicySettings::PolicySettings() {
  for (const policy::SettingRow& row : policy::settings()) set(row.setting, row.standard);
}

bool PolicySettings::weaker(policy::Setting setting) const {
  const std::string_view weaker = policy::row_of(setting).weaker;
  return !weaker.empty() && value(setting) == weaker;
}

std::int64_t PolicySettings::number(policy::Setting setting) const {
  std::int64_t number = 0;
  const std::string_view digits = value(setting);
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

std::string_view PolicySettings::profile() const {
  for (const policy::ProfileRow& profile : policy::profiles())
    if (std::ranges::all_of(profile.values, [this](const policy::ProfileValue& part) {
          return value(part.setting) == part.value;
        }))
      return profile.name;
  return {};
}

wire::Id subject_of_setting(std::string_view key) {
  const wire::Digest digest = digest_of({"mcpbox-setting-v1", key});
  return array_of<16>(view_of(digest).substr(0, 16)).value_or(wire::Id{});
}

}  // namespace mcpbox::monitor
