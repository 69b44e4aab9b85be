// Runs in mcpboxctl.  Who may use MCPbox could also be root by another way: then what stands between a
// language model's client and the machine is not our jail but that way.  Reads account files as text, as
// their owners wrote them.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "admin/ctl/doctor.h"

namespace mcpbox::ctl {
namespace {

using Words = std::vector<std::string>;

std::optional<std::string> contents(const std::string& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

Words split(std::string_view text, std::string_view separators) {
  Words all;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    if (end > 0) all.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return all;
}

bool has(const Words& words, std::string_view wanted) {
  return std::ranges::find(words, wanted) != words.end();
}

// NAME:x:UID:GID:...: fields of which none may be empty for us, so split() may skip those that are.
struct Account {
  std::string name, uid, gid;
};
std::optional<Account> account_of(const std::string& passwd, std::string_view written) {
  for (const std::string& line : split(passwd, "\n")) {
    const Words fields = split(line, ":");
    if (fields.size() >= 4 && (fields[0] == written || fields[2] == written))
      return Account{fields[0], fields[2], fields[3]};
  }
  return std::nullopt;
}

Words groups_of(const std::string& group_file, const Account& account) {
  Words all;
  for (const std::string& line : split(group_file, "\n")) {
    const Words fields = split(line, ":");
    if (fields.size() < 3) continue;
    const bool member = fields.size() >= 4 && has(split(fields[3], ","), account.name);
    if (member || fields[2] == account.gid) all.push_back(fields[0]);
  }
  return all;
}

// Every sudoers file that can be read, as one text, with continued lines joined.
std::string sudoers_below(const std::string& root) {
  std::string all = contents(root + "/etc/sudoers").value_or("");
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(root + "/etc/sudoers.d", ignored))
    all += "\n" + contents(entry.path().string()).value_or("");
  for (std::size_t at = all.find("\\\n"); at != std::string::npos; at = all.find("\\\n"))
    all.replace(at, 2, " ");
  return all;
}

bool asks_for_no_password(const std::string& sudoers, const Account& account, const Words& groups) {
  return std::ranges::any_of(split(sudoers, "\n"), [&](const std::string& line) {
    const Words words = split(line, " \t");
    if (words.empty() || words[0].starts_with("Defaults") || line.find("NOPASSWD") == std::string::npos)
      return false;
    const std::string& who = words[0];
    const bool group = who.starts_with('%') && has(groups, who.substr(1));
    return who == account.name || who == "#" + account.uid || who == "ALL" || group;
  });
}

void look_at_one(Findings& findings, const Account& account, const Words& groups,
                 const std::string& sudoers) {
  const std::string who = account.name + " may use the tools and ";
  const std::string other = "run the client of the language model as another account";
  const std::size_t before = findings.size();
  for (const char* group : {"docker", "lxd", "disk"})
    if (has(groups, group))
      findings.push_back({Health::kNote, who + "is in group " + group + ", which is root by another way",
                          "gpasswd -d " + account.name + " " + group + ", or " + other});
  if (asks_for_no_password(sudoers, account, groups))
    findings.push_back({Health::kNote, who + "becomes root without a password (sudo NOPASSWD)",
                        "remove NOPASSWD from the line in sudoers, or " + other});
  if (account.uid == "0")
    findings.push_back({Health::kNote, who + "is root", "put an ordinary account into `allow-user`"});
  if (findings.size() == before) findings.push_back({Health::kGood, who + "is not root by another way", ""});
}

}  // namespace

Findings look_at_people(const std::string& root, const std::string& config) {
  const std::optional<std::string> text = contents(root + config);
  if (!text)
    return {{Health::kNote, config + " cannot be read: who may use the tools is not known",
             "sudo mcpboxctl doctor"}};
  const std::string passwd = contents(root + "/etc/passwd").value_or("");
  const std::string group_file = contents(root + "/etc/group").value_or("");
  const std::string sudoers = sudoers_below(root);
  Findings findings;
  for (const std::string& line : split(*text, "\n")) {
    const Words words = split(line, " \t=\r");
    if (words.size() != 2 || words[0] != "allow-user") continue;
    const std::optional<Account> account = account_of(passwd, words[1]);
    if (account) look_at_one(findings, *account, groups_of(group_file, *account), sudoers);
  }
  if (findings.empty())
    findings.push_back({Health::kNote, "nobody may use the tools: " + config + " has no `allow-user`",
                        "write `allow-user = NAME` into it and restart MCPbox"});
  return findings;
}

}  // namespace mcpbox::ctl
