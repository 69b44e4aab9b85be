// The settings of policy/settings.h.
#pragma once

#include "policy/settings.h"
#include "privsep/protocol/messages_common.h"

namespace mcpbox::protocol {

struct SettingValue {
  policy::Setting setting = policy::Setting::kRemoteToolEditing;
  Text<64> value;
  bool weaker = false;
  static auto fields(auto& m) { return std::tie(m.setting, m.value, m.weaker); }
};

struct SettingValues {
  List<SettingValue, policy::kSettingCount> values;  // all, in the table's order
  Text<32> profile;                                  // the profile that they make up; empty: none
  static auto fields(auto& m) { return std::tie(m.values, m.profile); }
};

struct ReadSettings {
  static constexpr Op kOp = Op::kReadSettings;
  using Reply = SettingValues;
  static auto fields(auto& /*m*/) { return std::tie(); }
};

struct ChangeSetting {
  static constexpr Op kOp = Op::kChangeSetting;
  using Reply = SettingValues;
  policy::Setting setting = policy::Setting::kRemoteToolEditing;
  Text<64> value;
  static auto fields(auto& m) { return std::tie(m.setting, m.value); }
};

struct ApplyProfile {
  static constexpr Op kOp = Op::kApplyProfile;
  using Reply = SettingValues;
  Text<32> profile;
  static auto fields(auto& m) { return std::tie(m.profile); }
};

}  // namespace mcpbox::protocol
