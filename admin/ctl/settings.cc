// Runs in mcpboxctl: the settings of policy/settings.h and their profiles.
#include <string>

#include "admin/ctl/columns.h"
#include "admin/ctl/commands.h"
#include "admin/ctl/connection.h"
#include "admin/ctl/json.h"
#include "admin/ctl/output.h"
#include "admin/ctl/rights.h"

namespace mcpbox::ctl {
namespace {

std::string choices_of(const policy::SettingRow& row) {
  if (row.other.empty()) return std::to_string(row.least) + " to " + std::to_string(row.most);
  return std::string(row.standard) + " or " + std::string(row.other);
}

std::string text_of(const protocol::SettingValues& all) {
  Columns table({"SETTING", "VALUE", "", "CHOICES", "WHAT IT DECIDES"});
  for (const protocol::SettingValue& setting : all.values) {
    const policy::SettingRow& row = policy::row_of(setting.setting);
    table.row({std::string(row.key), setting.value, setting.weaker ? "WEAKER" : "", choices_of(row),
               std::string(row.what)});
  }
  std::string out =
      table.text(0) + "\nprofile: " + (all.profile.empty() ? "none of the three" : all.profile) + "\n";
  for (const protocol::SettingValue& setting : all.values)
    if (setting.weaker)
      out += std::string(policy::row_of(setting.setting).key) +
             " is weaker: " + std::string(policy::row_of(setting.setting).weaker_words) + "\n";
  return out;
}

Json json_of_all(const protocol::SettingValues& all) {
  Object values;
  for (const protocol::SettingValue& setting : all.values)
    values.text(std::string(policy::row_of(setting.setting).key).c_str(), setting.value);
  return Object().member("settings", values.take()).text("profile", all.profile).take();
}

template <class Request>
Exit ask(const Options& options, Request& request, bool decides) {
  Answer<Connection> monitor = Connection::open(socket_path(options));
  if (!monitor) return report(monitor.error());
  if (decides)
    if (const std::optional<Exit> no = become_decider(*monitor)) return *no;
  const Answer<protocol::SettingValues> all = monitor->ask(request);
  if (!all) return report(all.error());
  print(options.json ? json_text(json_of_all(*all).get()) : text_of(*all));
  return Exit::kOk;
}

}  // namespace

Exit settings(const Options& options) {
  if (options.words.size() == 1) {
    protocol::ReadSettings question;
    return ask(options, question, false);
  }
  const policy::SettingRow* row =
      options.words.size() == 4 ? policy::find_setting(options.words[2]) : nullptr;
  if (options.words[1] != "set" || options.words.size() != 4) {
    complain("use: mcpboxctl settings, or mcpboxctl settings set KEY VALUE");
    return Exit::kUsage;
  }
  if (row == nullptr) {
    complain("there is no setting " + options.words[2] + "; `mcpboxctl settings` lists them");
    return Exit::kNotFound;
  }
  protocol::ChangeSetting order{.setting = row->setting, .value = options.words[3]};
  return ask(options, order, true);
}

Exit profile(const Options& options) {
  protocol::ApplyProfile order{.profile = options.words[1]};
  return ask(options, order, true);
}

}  // namespace mcpbox::ctl
