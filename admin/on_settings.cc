// Runs in admin: the settings of policy/settings.h, with what each value means, and their profiles.
#include <algorithm>
#include <vector>

#include "admin/fields.h"
#include "admin/routes.h"
#include "admin/shapes.h"
#include "privsep/protocol/messages_settings.h"

namespace mcpbox::admin {
namespace {

using policy::SettingRow;

Json field_json(const protocol::SettingValue& setting) {
  const SettingRow& row = policy::row_of(setting.setting);
  Object one;
  one.text("key", row.key).text("value", setting.value).boolean("weaker", setting.weaker);
  one.text("description", row.what).text("default", row.standard);
  text_or_null(one, "weaker_words", row.weaker_words);
  Json values(json_array());
  if (!row.other.empty())
    for (const std::string_view value : {row.standard, row.other}) {
      Object choice;
      choice.text("value", value).boolean("weaker", value == row.weaker);
      append(values, choice.take());
    }
  one.json("values", std::move(values)).number("minimum", row.least).number("maximum", row.most);
  return one.take();
}

Json profile_json(const policy::ProfileRow& row) {
  Object one;
  one.text("name", row.name).text("description", row.what);
  Object values;
  for (const policy::ProfileValue& value : row.values)
    values.text(std::string(policy::row_of(value.setting).key).c_str(), value.value);
  return one.json("values", values.take()).take();
}

Answered answer_of(const protocol::SettingValues& all) {
  Object body;
  text_or_null(body, "profile", all.profile);
  Json fields(json_array());
  for (const protocol::SettingValue& setting : all.values) append(fields, field_json(setting));
  Json profiles(json_array());
  for (const policy::ProfileRow& row : policy::profiles()) append(profiles, profile_json(row));
  return json_answer(body.json("fields", std::move(fields)).json("profiles", std::move(profiles)).take());
}

// A value as the table writes it: a text, or a number without a sign.
std::string written(const json_t* value) {
  if (json_is_integer(value)) return std::to_string(json_integer_value(value));
  return std::string(http::text_of(value));
}

}  // namespace

Task<Answered> on_read_settings(Admin& a, const Incoming& in) {
  protocol::ReadSettings question;
  const protocol::SettingValues all = co_await ask_as(a, in, question);
  co_return answer_of(all);
}

// All of them are checked before the first is changed.
Task<Answered> on_change_settings(Admin& a, const Incoming& in) {
  Fields fields(in.body.get(),
                {"remote_tool_editing", "tool_approval_mode", "network_access_policy", "module_approval_mode",
                 "redact_secrets_in_output", "log_retention_days", "log_retention_mb", "mcp_rate_limit_rpm",
                 "decide_from", "anonymous_listing"});
  std::vector<protocol::ChangeSetting> changes;
  for (const SettingRow& row : policy::settings()) {
    const std::string key(row.key);
    if (!fields.has(key.c_str())) continue;
    const std::string value = written(json_object_get(in.body.get(), key.c_str()));
    if (!policy::is_allowed(row, value))
      fields.wrong(key, row.other.empty() ? "a whole number from " + std::to_string(row.least) + " to " +
                                                std::to_string(row.most)
                                          : std::string(row.standard) + " or " + std::string(row.other));
    else
      changes.push_back({.setting = row.setting, .value = std::string_view(value)});
  }
  if (fields.good() && changes.empty()) fields.wrong("settings", "name at least one");
  if (!fields.good()) co_return fields.refusal();
  // Once decide_from is ctl, nothing more can be changed here: it comes last.
  std::ranges::partition(changes, [](const protocol::ChangeSetting& change) {
    return change.setting != policy::Setting::kDecideFrom;
  });
  for (protocol::ChangeSetting& change : changes) {
    const protocol::SettingValues all = co_await ask_as(a, in, change);
    if (&change == &changes.back()) co_return answer_of(all);
  }
  co_return base::fail(base::Why::kBroken, "no setting was named");
}

Task<Answered> on_apply_profile(Admin& a, const Incoming& in) {
  Fields fields(in.body.get(), {"profile"});
  protocol::ApplyProfile question;
  question.profile = fields.word("profile", {"strict", "balanced", "permissive"});
  if (!fields.good()) co_return fields.refusal();
  const protocol::SettingValues all = co_await ask_as(a, in, question);
  co_return answer_of(all);
}

}  // namespace mcpbox::admin
