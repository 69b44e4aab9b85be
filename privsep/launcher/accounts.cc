// Run by the launcher (root).  Trusts /etc/passwd and /etc/group, which only root can write.
#include "privsep/launcher/accounts.h"

#include <grp.h>
#include <pwd.h>

#include <cstdio>
#include <memory>

#include "privsep/base/handles.h"

namespace mcpbox::launcher {
namespace {

using File = std::unique_ptr<FILE, base::FreeWith<std::fclose>>;

// Calls `stop(entry)` for each line until it returns true.
template <class Entry>
void each(const char* file, Entry* (*next)(FILE*), auto&& stop) {
  const File open(std::fopen(file, "re"));
  if (!open) return;
  while (const Entry* entry = next(open.get()))
    if (stop(*entry)) return;
}

}  // namespace

std::optional<Identity> account_named(const char* passwd_file, std::string_view name) {
  std::optional<Identity> found;
  each<passwd>(passwd_file, fgetpwent, [&](const passwd& entry) {
    if (name == entry.pw_name) found = Identity{entry.pw_uid, entry.pw_gid};
    return found.has_value();
  });
  return found;
}

std::optional<std::string> name_of_uid(const char* passwd_file, uid_t uid) {
  std::optional<std::string> found;
  each<passwd>(passwd_file, fgetpwent, [&](const passwd& entry) {
    if (uid == entry.pw_uid) found = entry.pw_name;
    return found.has_value();
  });
  return found;
}

std::optional<gid_t> group_named(const char* group_file, std::string_view name) {
  std::optional<gid_t> found;
  each<group>(group_file, fgetgrent, [&](const group& entry) {
    if (name == entry.gr_name) found = entry.gr_gid;
    return found.has_value();
  });
  return found;
}

std::expected<Identity, std::string> identity_for(const char* passwd_file, const char* account, uid_t fixed) {
  if (const std::optional<Identity> named = account_named(passwd_file, account)) {
    if (named->uid != 0 && named->gid != 0) return *named;
    return std::unexpected("the account " + std::string(account) + " must not have uid or gid 0");
  }
  if (const std::optional<std::string> taken = name_of_uid(passwd_file, fixed))
    return std::unexpected("uid " + std::to_string(fixed) + ", meant for " + account + ", belongs to `" +
                           *taken + "`: create an account named " + account);
  return Identity{fixed, static_cast<gid_t>(fixed)};
}

}  // namespace mcpbox::launcher
