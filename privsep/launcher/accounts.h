// Which uid each part runs under: the account's where the machine has one, else a fixed number.
#pragma once

#include <sys/types.h>

#include <expected>
#include <optional>
#include <string>
#include <string_view>

namespace mcpbox::launcher {

struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
};

// The account of this name in a passwd file.  Read from the file alone: no name service is loaded as root.
[[nodiscard]] std::optional<Identity> account_named(const char* passwd_file, std::string_view name);

// The name of a uid in a passwd file.
[[nodiscard]] std::optional<std::string> name_of_uid(const char* passwd_file, uid_t uid);

// The group of this name in a group file.
[[nodiscard]] std::optional<gid_t> group_named(const char* group_file, std::string_view name);

// The identity for one part.
//   returns  the account's, or {fixed, fixed}; a sentence when the number belongs to another account,
//            whose processes could then read and signal ours
[[nodiscard]] std::expected<Identity, std::string> identity_for(const char* passwd_file, const char* account,
                                                                uid_t fixed);

inline constexpr const char* kPasswdFile = "/etc/passwd";
inline constexpr const char* kGroupFile = "/etc/group";

}  // namespace mcpbox::launcher
