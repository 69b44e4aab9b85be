// Run by the launcher (root).  Passes the key on without looking at it; parses nothing but hexadecimal
// digits.
#include "privsep/launcher/handover.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace mcpbox::launcher {
namespace {

using base::Fd;

constexpr std::size_t kKeyBytes = 32;
constexpr int kAllSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

Outcome<Fd> sealed(Fd memory) {
  if (lseek(memory.get(), 0, SEEK_SET) != 0) return refuse_errno("cannot rewind a memory file");
  if (fcntl(memory.get(), F_ADD_SEALS, kAllSeals) != 0) return refuse_errno("cannot seal a memory file");
  return memory;
}

Fd memory_file(const char* name) { return Fd(memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING)); }

// Behind what is in `memory` already.
Outcome<void> copy_key(int folder, const std::string& name, const Fd& memory) {
  const Fd file(openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file) return refuse_errno("cannot open " + name);
  struct stat about{};
  if (fstat(file.get(), &about) != 0) return refuse_errno("cannot look at " + name);
  if (!S_ISREG(about.st_mode) || about.st_uid != geteuid() || (about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return refuse(name + " must be a file of the launcher's own user that nobody else can read: chmod 0600");
  if (about.st_size != static_cast<off_t>(kKeyBytes)) return refuse(name + " must have exactly 32 bytes");
  if (sendfile(memory.get(), file.get(), nullptr, kKeyBytes) != static_cast<ssize_t>(kKeyBytes))
    return refuse_errno("cannot read " + name);
  return {};
}

Outcome<Fd> key_from_file(int folder) {
  Fd memory = memory_file("mcpbox-key");
  if (!memory) return refuse_errno("cannot make a memory file");
  if (Outcome<void> copied = copy_key(folder, "master.key", memory); !copied)
    return std::unexpected(copied.error());
  return memory;
}

// What a rotation of the key left that was cut: the monitor finds out which of the two is in use.
Outcome<Fd> with_next(int folder, Outcome<Fd> key) {
  if (!key) return key;
  const bool cut = faccessat(folder, "master.key.next", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
  if (!cut) return sealed(std::move(*key));
  if (Outcome<void> copied = copy_key(folder, "master.key.next", *key); !copied)
    return std::unexpected(copied.error());
  return sealed(std::move(*key));
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Outcome<Fd> key_from_text(std::string_view text) {
  std::array<unsigned char, kKeyBytes> key{};
  bool good = text.size() == 2 * kKeyBytes;
  for (std::size_t i = 0; good && i < kKeyBytes; ++i) {
    const int high = hex_digit(text[2 * i]);
    const int low = hex_digit(text[2 * i + 1]);
    good = high >= 0 && low >= 0;
    key[i] = static_cast<unsigned char>(high * 16 + low);
  }
  if (!good) return refuse("MCPBOX_ENCRYPTION_KEY must be 64 hexadecimal digits");
  Fd memory = memory_file("mcpbox-key");
  const bool written =
      memory && write(memory.get(), key.data(), key.size()) == static_cast<ssize_t>(key.size());
  explicit_bzero(key.data(), key.size());
  if (!written) return refuse_errno("cannot make a memory file");
  return memory;
}

template <std::size_t N>
bool put(std::array<char, N>& field, std::string_view text) {
  if (text.size() >= N) return false;
  std::ranges::copy(text, field.begin());
  return true;
}

}  // namespace

Outcome<Fd> take_master_key(int folder) {
  if (char* text = std::getenv("MCPBOX_ENCRYPTION_KEY")) {
    Outcome<Fd> key = key_from_text(text);
    explicit_bzero(text, std::strlen(text));  // else it stays readable in /proc/PID/environ
    unsetenv("MCPBOX_ENCRYPTION_KEY");
    return with_next(folder, std::move(key));
  }
  if (const char* credentials = std::getenv("CREDENTIALS_DIRECTORY")) {
    const Fd from(open(credentials, O_DIRECTORY | O_RDONLY | O_CLOEXEC));
    if (from && faccessat(from.get(), "master.key", F_OK, 0) == 0)
      return with_next(folder, key_from_file(from.get()));
  }
  return with_next(folder, key_from_file(folder));
}

Outcome<Fd> seal_settings(const SettingsSource& source) {
  const bool trial = source.config.isolation == Isolation::kTrial;
  wire::MonitorSettings settings{};
  settings.size = sizeof settings;
  settings.missing_allowed = source.config.missing;
  settings.admin_gid = source.admin_gid;
  settings.owner_uid = geteuid();
  settings.trial = trial ? 1 : 0;
  settings.spares = source.config.spares;
  settings.requests_per_minute = source.config.requests_per_minute;
  settings.calls_memory_mb = source.config.calls_memory_mb;
  settings.database_embedded = source.config.database ? 0 : 1;
  if (source.config.database) {
    settings.database_port = source.config.database->tcp_port;
    settings.database_remote = source.config.database->remote ? 1 : 0;
    settings.database_encrypted = source.config.database->encrypted ? 1 : 0;
  }
  if (!put(settings.database, source.conninfo))
    return refuse("the database's address is longer than 1023 bytes");
  std::ranges::copy(source.users, settings.allowed_users.begin());
  for (std::size_t i = 0; i < source.listening.size() && i < settings.listeners.size(); ++i)
    if (!put(settings.listeners[i], source.listening[i])) return refuse("a listening address is too long");
  for (std::size_t i = 0; i < source.admin_listening.size() && i < settings.admin_listeners.size(); ++i)
    if (!put(settings.admin_listeners[i], source.admin_listening[i]))
      return refuse("a listening address is too long");
  for (std::size_t i = 0; i < source.tunnel_listening.size() && i < settings.tunnel_listeners.size(); ++i)
    if (!put(settings.tunnel_listeners[i], source.tunnel_listening[i]))
      return refuse("a listening address is too long");
  Fd memory = memory_file("mcpbox-settings");
  if (!memory || write(memory.get(), &settings, sizeof settings) != sizeof settings)
    return refuse_errno("cannot make a memory file");
  return sealed(std::move(memory));
}

}  // namespace mcpbox::launcher
