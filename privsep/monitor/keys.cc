// Run by the monitor, which reads the master key once.  Trusts the launcher for the key; lets its bytes exist
// only in closed pages (base/secret_pages.h), and forgets the master as soon as the subkeys are derived.
#include "privsep/monitor/keys.h"

#include <sodium.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace mcpbox::monitor {
namespace {

using base::Secret;
using base::Why;

constexpr std::size_t kKeyBytes = 32;
static_assert(kKeyBytes == crypto_kdf_KEYBYTES && kKeyBytes >= crypto_generichash_KEYBYTES_MIN);

// crypto_kdf's inputs.  A number is never used again for another purpose: DESIGN.md 6 lists the purposes.
constexpr char kContext[crypto_kdf_CONTEXTBYTES + 1] = "mcpboxv1";
enum class Purpose : std::uint64_t { kRowSeal = 1, kStoredValues = 2, kRequestState = 4, kAuditSigning = 7 };

// Pages: a master while it is read, and its subkeys, for three: the one in use, the one that replaces it, and
// one that is only looked at.
constexpr std::size_t kMostKeys = 15;

Secret<kKeyBytes> derive(base::SecretPages& pages, std::span<const unsigned char, kKeyBytes> master,
                         Purpose purpose) {
  return Secret<kKeyBytes>::make(pages, [&](std::span<unsigned char, kKeyBytes> out) {
    crypto_kdf_derive_from_key(out.data(), out.size(), static_cast<std::uint64_t>(purpose), kContext,
                               master.data());
  });
}

// Reads until `into` is full or the descriptor ends.
ssize_t read_fully(int fd, std::span<unsigned char> into) {
  std::size_t done = 0;
  while (done < into.size()) {
    const ssize_t length = read(fd, into.data() + done, into.size() - done);
    if (length < 0 && errno == EINTR) continue;
    if (length < 0) return -1;
    if (length == 0) break;
    done += static_cast<std::size_t>(length);
  }
  return static_cast<ssize_t>(done);
}

// What there was of a key: 32 bytes of a whole one.
struct Master {
  Secret<kKeyBytes> key;
  std::size_t length = 0;
};

Master read_master(base::SecretPages& pages, int fd) {
  std::size_t length = 0;
  Secret<kKeyBytes> key = Secret<kKeyBytes>::make(pages, [&](std::span<unsigned char, kKeyBytes> into) {
    const ssize_t got = read_fully(fd, into);
    if (got > 0) length = static_cast<std::size_t>(got);
  });
  return {.key = std::move(key), .length = length};
}

// Each part behind its length, so that ("ab", "c") and ("a", "bc") differ.
void update(crypto_generichash_state& state, std::string_view part) {
  std::array<unsigned char, 8> length{};
  for (std::size_t i = 0; i < length.size(); ++i)
    length[i] = static_cast<unsigned char>(static_cast<std::uint64_t>(part.size()) >> (8 * i));
  crypto_generichash_update(&state, length.data(), length.size());
  crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(part.data()), part.size());
}

wire::Digest finish(crypto_generichash_state& state) {
  wire::Digest digest{};
  crypto_generichash_final(&state, digest.data(), digest.size());
  sodium_memzero(&state, sizeof state);
  return digest;
}

}  // namespace

base::Result<Keys> Keys::from_fd(int fd) {
  if (sodium_init() < 0) return base::fail(Why::kBroken, "libsodium does not start");
  base::Result<base::SecretPages> made = base::SecretPages::make(kMostKeys);
  if (!made) return std::unexpected(made.error());
  const auto pages = std::make_shared<base::SecretPages>(std::move(*made));
  const Master first = read_master(*pages, fd);
  const Master second = read_master(*pages, fd);
  const Master more = read_master(*pages, fd);
  const bool one_or_two = second.length == 0 || second.length == kKeyBytes;
  if (first.length != kKeyBytes || !one_or_two || more.length != 0)
    return base::fail(Why::kInvalid, "the master key must have exactly 32 bytes");
  Keys keys = derived(pages, first.key);
  if (second.length != 0) keys.other_ = std::make_unique<Keys>(derived(pages, second.key));
  return keys;
}

Keys Keys::derived(const std::shared_ptr<base::SecretPages>& pages, const Secret<kKeyBytes>& master) {
  const auto subkey = [&](Purpose purpose) {
    return master.reveal(
        [&](std::span<const unsigned char, kKeyBytes> key) { return derive(*pages, key, purpose); });
  };
  return {pages, Subkeys{.row_seal = subkey(Purpose::kRowSeal),
                         .values = subkey(Purpose::kStoredValues),
                         .request_state = subkey(Purpose::kRequestState),
                         .audit_seed = subkey(Purpose::kAuditSigning)}};
}

// Files only, which have a beginning to go to: whatever else somebody hands over could keep us waiting.
base::Result<Keys> Keys::from_file(int fd) const {
  const bool file = lseek(fd, 0, SEEK_SET) == 0;
  const Master master = file ? read_master(*pages_, fd) : read_master(*pages_, -1);
  const Master more = read_master(*pages_, file ? fd : -1);
  if (master.length != kKeyBytes || more.length != 0)
    return base::fail(Why::kInvalid, "a master key is a file of exactly 32 bytes");
  return derived(pages_, master.key);
}

base::Result<void> Keys::prepare(int fd) {
  other_.reset();
  base::Result<Keys> next = from_file(fd);
  if (!next) return std::unexpected(next.error());
  if (next->name() == name()) return base::fail(Why::kConflict, "this master key is in use already");
  other_ = std::make_unique<Keys>(std::move(*next));
  return {};
}

base::Result<bool> Keys::is_in_use(int fd) const {
  const base::Result<Keys> shown = from_file(fd);
  if (!shown) return std::unexpected(shown.error());
  return shown->name() == name();
}

void Keys::use_other() {
  if (other_ == nullptr) PANIC("no other key to use");
  std::swap(subkeys_, other_->subkeys_);
  std::swap(audit_key_, other_->audit_key_);
}

wire::Digest Keys::name() const {
  return subkeys_.row_seal.reveal([](std::span<const unsigned char, kKeyBytes> key) {
    return digest_of({"mcpbox-key-name-v1", {reinterpret_cast<const char*>(key.data()), key.size()}});
  });
}

// nonce || ciphertext || tag.  A random nonce of this size never repeats.
std::string Keys::seal_state(std::string_view owner, std::string_view text) const {
  std::string sealed(
      crypto_aead_xchacha20poly1305_ietf_NPUBBYTES + text.size() + crypto_aead_xchacha20poly1305_ietf_ABYTES,
      '\0');
  auto* const nonce = reinterpret_cast<unsigned char*>(sealed.data());
  if (getrandom(nonce, crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, 0) !=
      crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
    PANIC("no random bytes");
  subkeys_.request_state.reveal([&](std::span<const unsigned char, kKeyBytes> key) {
    crypto_aead_xchacha20poly1305_ietf_encrypt(
        nonce + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, nullptr,
        reinterpret_cast<const unsigned char*>(text.data()), text.size(),
        reinterpret_cast<const unsigned char*>(owner.data()), owner.size(), nullptr, nonce, key.data());
  });
  return sealed;
}

base::Result<std::string> Keys::open_state(std::string_view owner, std::string_view sealed) const {
  constexpr std::size_t kAround =
      crypto_aead_xchacha20poly1305_ietf_NPUBBYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES;
  if (sealed.size() < kAround) return base::fail(Why::kInvalid, "too short for a sealed state");
  const auto* const nonce = reinterpret_cast<const unsigned char*>(sealed.data());
  std::string text(sealed.size() - kAround, '\0');
  int opened = -1;
  subkeys_.request_state.reveal([&](std::span<const unsigned char, kKeyBytes> key) {
    opened = crypto_aead_xchacha20poly1305_ietf_decrypt(
        reinterpret_cast<unsigned char*>(text.data()), nullptr, nullptr,
        nonce + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
        sealed.size() - crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
        reinterpret_cast<const unsigned char*>(owner.data()), owner.size(), nonce, key.data());
  });
  if (opened != 0) return base::fail(Why::kInvalid, "not a state that was sealed here for this owner");
  return text;
}

namespace {

// The expanded key, which Ed25519 needs, for as long as the caller's work takes.
struct SigningKey {
  explicit SigningKey(const Secret<kKeyBytes>& seed) {
    seed.reveal([&](std::span<const unsigned char, kKeyBytes> bytes) {
      crypto_sign_seed_keypair(public_part.data(), secret.data(), bytes.data());
    });
  }
  SigningKey(const SigningKey&) = delete;
  SigningKey& operator=(const SigningKey&) = delete;
  ~SigningKey() { sodium_memzero(secret.data(), secret.size()); }
  audit::PublicKey public_part{};
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> secret{};
};

}  // namespace

Keys::Keys(std::shared_ptr<base::SecretPages> pages, Subkeys subkeys)
    : pages_(std::move(pages)), subkeys_(std::move(subkeys)) {
  audit_key_ = SigningKey(subkeys_.audit_seed).public_part;
}

audit::Signed Keys::sign(audit::Checkpoint checkpoint) const {
  checkpoint.key = audit::name_of_key(audit_key_);
  audit::Signed made{.statement = audit::encode(checkpoint), .signature = {}};
  const SigningKey key(subkeys_.audit_seed);
  crypto_sign_detached(made.signature.data(), nullptr,
                       reinterpret_cast<const unsigned char*>(made.statement.data()), made.statement.size(),
                       key.secret.data());
  return made;
}

wire::Digest Keys::seal(std::string_view table, std::initializer_list<std::string_view> parts) const {
  crypto_generichash_state state;
  subkeys_.row_seal.reveal([&](std::span<const unsigned char, kKeyBytes> key) {
    crypto_generichash_init(&state, key.data(), key.size(), sizeof(wire::Digest));
  });
  update(state, table);
  for (const std::string_view part : parts) update(state, part);
  return finish(state);
}

bool Keys::same(const wire::Digest& a, const wire::Digest& b) {
  return sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

wire::Digest digest_of(std::initializer_list<std::string_view> parts) {
  return digest_of(std::span(parts.begin(), parts.size()));
}

wire::Digest digest_of(std::span<const std::string_view> parts) {
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, sizeof(wire::Digest));
  for (const std::string_view part : parts) update(state, part);
  return finish(state);
}

std::array<unsigned char, 16> random_bits() {
  std::array<unsigned char, 16> bits{};
  // Not libsodium's: its first use may look for /dev/urandom, which a jail does not have.
  if (getrandom(bits.data(), bits.size(), 0) != static_cast<ssize_t>(bits.size())) PANIC("no random bytes");
  return bits;
}

wire::Id random_id() {
  wire::Id id = random_bits();
  id[6] = static_cast<unsigned char>((id[6] & 0x0F) | 0x40);
  id[8] = static_cast<unsigned char>((id[8] & 0x3F) | 0x80);
  return id;
}

}  // namespace mcpbox::monitor
