// Runs in mcpbox-backup.  Passphrases come from the terminal itself or from a file that only its owner can
// read.
#include "admin/backup/locks.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "admin/backup/manifest.h"
#include "admin/ctl/terminal.h"
#include "privsep/base/fd.h"

namespace mcpbox::backup {
namespace {

using Text = std::string;
constexpr const char* kRecipientFile = "/backup-recipient";
constexpr const char* kPassphraseFile = "/backup-passphrase";

// A text that goes with its bytes.
struct Hidden {
  explicit Hidden(Text of) : text(std::move(of)) {}
  Hidden(Hidden&&) = default;
  Hidden& operator=(Hidden&&) = default;
  Hidden(const Hidden&) = delete;
  Hidden& operator=(const Hidden&) = delete;
  ~Hidden() { ctl::wipe(text); }
  Text text;
};

enum class Closed : bool { kNo, kYes };

// The first line of a small file.
Outcome<Hidden> first_line(const Text& path, Closed closed) {
  const base::Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (!file) return refuse_errno("cannot open " + path);
  struct stat about{};
  if (::fstat(file.get(), &about) != 0) return refuse_errno("cannot look at " + path);
  const bool others = about.st_uid != ::geteuid() || (about.st_mode & (S_IRWXG | S_IRWXO)) != 0;
  if (!S_ISREG(about.st_mode)) return refuse(path + " is no file");
  if (closed == Closed::kYes && others)
    return refuse(path + " must be yours, and closed to everybody else: chmod 0600");
  Hidden line{Text(kMostPassphrase + 1, '\0')};
  const ssize_t length = read_fully(file.get(), line.text.data(), line.text.size());
  if (length < 0) return refuse_errno("cannot read " + path);
  line.text.resize(std::min(static_cast<std::size_t>(length), line.text.find('\n')));
  if (line.text.size() > kMostPassphrase) return refuse("the first line of " + path + " is too long");
  return line;
}

Outcome<void> check_passphrase(const Text& passphrase) {
  if (passphrase.size() < kLeastPassphrase)
    return refuse("the passphrase is too short: at least 12 characters, better six words by chance");
  return {};
}

Outcome<Hidden> typed(const char* prompt) {
  std::expected<ctl::Terminal, Text> terminal = ctl::Terminal::open();
  if (!terminal)
    return refuse("no passphrase: type it at a terminal, or give --passphrase-file or --recipient");
  std::expected<Text, Text> line = terminal->ask_secret(prompt, kMostPassphrase);
  if (!line) return refuse(line.error());
  return Hidden(std::move(*line));
}

Outcome<Hidden> typed_twice() {
  Outcome<Hidden> first = typed("Passphrase for this backup: ");
  if (!first) return first;
  if (Outcome<void> good = check_passphrase(first->text); !good) return std::unexpected(good.error());
  const Outcome<Hidden> second = typed("The same again: ");
  if (!second) return std::unexpected(second.error());
  if (first->text != second->text) return refuse("the two are not the same");
  return first;
}

Outcome<Key> key_from(const Text& passphrase, const Header& header) {
  Key key;
  if (crypto_pwhash(key.data(), key.size(), passphrase.data(), passphrase.size(), header.salt.data(),
                    header.operations, static_cast<std::size_t>(header.memory),
                    crypto_pwhash_ALG_ARGON2ID13) != 0)
    return refuse("there is too little memory for the passphrase's key");
  return key;
}

Outcome<Lock> lock_with_passphrase(const Text& passphrase, std::int64_t now_ms) {
  Header header{.lock = LockKind::kPassphrase, .created_ms = now_ms};
  randombytes_buf(header.salt.data(), header.salt.size());
  header.operations = crypto_pwhash_OPSLIMIT_MODERATE;
  header.memory = crypto_pwhash_MEMLIMIT_MODERATE;
  Outcome<Key> key = key_from(passphrase, header);
  if (!key) return std::unexpected(key.error());
  return Lock{.header = header, .key = std::move(*key)};
}

Outcome<Lock> lock_for(const Text& recipient, std::int64_t now_ms) {
  Header header{.lock = LockKind::kPublicKey, .created_ms = now_ms};
  Text digits = recipient;
  if (digits.size() != 2 * header.recipient.size()) {
    Outcome<Hidden> line = first_line(recipient, Closed::kNo);
    if (!line) return std::unexpected(line.error());
    digits = line->text;
  }
  if (!bytes_of(digits, header.recipient.data(), header.recipient.size()))
    return refuse("the recipient must be the 64 digits that `backup keygen` printed, or a file with them");
  Lock lock{.header = header};
  randombytes_buf(lock.key.data(), lock.key.size());
  static_assert(sizeof header.sealed_key == crypto_box_SEALBYTES + Key::size());
  if (crypto_box_seal(lock.header.sealed_key.data(), lock.key.data(), lock.key.size(),
                      header.recipient.data()) != 0)
    return refuse("the recipient is no public key");
  return lock;
}

Outcome<Lock> lock_from_file(const Text& path, std::int64_t now_ms) {
  const Outcome<Hidden> line = first_line(path, Closed::kYes);
  if (!line) return std::unexpected(line.error());
  if (Outcome<void> good = check_passphrase(line->text); !good) return std::unexpected(good.error());
  return lock_with_passphrase(line->text, now_ms);
}

Outcome<Key> open_with_identity(const Text& path, const Header& header) {
  if (path.empty())
    return refuse("the backup is locked for the " + words_for(header) +
                  ": give --identity FILE, its secret half");
  const Outcome<Hidden> line = first_line(path, Closed::kYes);
  if (!line) return std::unexpected(line.error());
  Wiped<crypto_box_SECRETKEYBYTES> secret;
  std::array<unsigned char, crypto_box_PUBLICKEYBYTES> own{};
  if (!bytes_of(line->text, secret.data(), secret.size()))
    return refuse(path + " is no key of `backup keygen`");
  crypto_scalarmult_base(own.data(), secret.data());
  if (own != header.recipient) return refuse("the backup is locked for another key: " + words_for(header));
  Key key;
  if (crypto_box_seal_open(key.data(), header.sealed_key.data(), header.sealed_key.size(), own.data(),
                           secret.data()) != 0)
    return refuse("the backup is damaged: its key does not open");
  return key;
}

}  // namespace

Outcome<Lock> make_lock(const Options& options, std::int64_t now_ms) {
  if (!options.identity.empty()) return refuse("--identity opens backups; --recipient locks them");
  if (!options.recipient.empty()) return lock_for(options.recipient, now_ms);
  if (!options.passphrase_file.empty()) return lock_from_file(options.passphrase_file, now_ms);
  if (!options.locks.empty()) {
    if (::access((options.locks + kRecipientFile).c_str(), F_OK) == 0)
      return lock_for(options.locks + kRecipientFile, now_ms);
    return lock_from_file(options.locks + kPassphraseFile, now_ms);
  }
  const Outcome<Hidden> passphrase = typed_twice();
  if (!passphrase) return std::unexpected(passphrase.error());
  return lock_with_passphrase(passphrase->text, now_ms);
}

Outcome<Key> unlock(const Options& options, const Header& header) {
  if (header.lock == LockKind::kPublicKey) return open_with_identity(options.identity, header);
  if (!options.identity.empty()) return refuse("the backup is locked with a passphrase, not with a key");
  const Text file = options.locks.empty() ? options.passphrase_file : options.locks + kPassphraseFile;
  const Outcome<Hidden> passphrase =
      file.empty() ? typed("Passphrase of the backup: ") : first_line(file, Closed::kYes);
  if (!passphrase) return std::unexpected(passphrase.error());
  return key_from(passphrase->text, header);
}

std::string words_for(const Header& header) {
  if (header.lock == LockKind::kPassphrase) return "passphrase";
  return "public key " + hex_of(header.recipient.data(), header.recipient.size());
}

Outcome<void> keygen(const Options& options) {
  const Text& path = options.words.front();
  Wiped<crypto_box_SECRETKEYBYTES> secret;
  std::array<unsigned char, crypto_box_PUBLICKEYBYTES> own{};
  crypto_box_keypair(own.data(), secret.data());
  const base::Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return refuse_errno("cannot make " + path);
  const Hidden line(hex_of(secret.data(), secret.size()) + "\n");
  if (!write_fully(file.get(), line.text) || ::fsync(file.get()) != 0)
    return refuse_errno("cannot write " + path);
  say(hex_of(own.data(), own.size()));
  return {};
}

}  // namespace mcpbox::backup
