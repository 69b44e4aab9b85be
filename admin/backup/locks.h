// What opens a backup: a passphrase, or the secret half of a key whose public half locked it.
#pragma once

#include "admin/backup/container.h"
#include "admin/backup/options.h"

namespace mcpbox::backup {

struct Lock {
  Header header;  // without its stream part
  Key key;
};

// Makes the lock of a new backup, from what the options name, else from a passphrase that is typed twice.
[[nodiscard]] Outcome<Lock> make_lock(const Options& options, std::int64_t now_ms);

// The key of a file with this header.  A wrong passphrase is only noticed when the first chunk does not open.
[[nodiscard]] Outcome<Key> unlock(const Options& options, const Header& header);

// In words: "passphrase", or "public key 0123456789abcdef..."
[[nodiscard]] std::string words_for(const Header& header);

inline constexpr std::size_t kLeastPassphrase = 12;
inline constexpr std::size_t kMostPassphrase = 1024;

}  // namespace mcpbox::backup
