// Run by the monitor, which reads the master key once.  Trusts the launcher for the key; lets its bytes exist
// only in closed pages (base/secret_pages.h), and forgets the master as soon as the subkeys are derived.
#include "privsep/monitor/keys.h"

#include <sodium.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace mcpbox::monitor {
namespace {

using base::Secret;
using base::Why;

constexpr std::size_t kKeyBytes = 32;
static_assert(kKeyBytes == crypto_kdf_KEYBYTES && kKeyBytes >= crypto_generichash_KEYBYTES_MIN);

// crypto_kdf's inputs.  A number is never used again for another purpose: DESIGN.md 6 lists the purposes.
constexpr char kContext[crypto_kdf_CONTEXTBYTES + 1] = "mcpboxv1";
enum class Purpose : std::uint64_t { kRowSeal = 1, kStoredValues = 2, kRequestState = 4, kAuditSigning = 7 };

constexpr std::size_t kMostKeys = 8;  // pages: the master while it is read, and a subkey for each purpose

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
  auto pages = std::make_unique<base::SecretPages>(std::move(*made));
  bool whole = false;
  const Secret<kKeyBytes> master =
      Secret<kKeyBytes>::make(*pages, [&](std::span<unsigned char, kKeyBytes> into) {
        std::array<unsigned char, 1> more{};
        whole = read_fully(fd, into) == static_cast<ssize_t>(into.size()) && read_fully(fd, more) == 0;
        sodium_memzero(more.data(), more.size());
      });
  if (!whole) return base::fail(Why::kInvalid, "the master key must have exactly 32 bytes");
  const auto subkey = [&](Purpose purpose) {
    return master.reveal(
        [&](std::span<const unsigned char, kKeyBytes> key) { return derive(*pages, key, purpose); });
  };
  Secret<kKeyBytes> row_seal = subkey(Purpose::kRowSeal);
  Secret<kKeyBytes> values = subkey(Purpose::kStoredValues);
  Secret<kKeyBytes> request_state = subkey(Purpose::kRequestState);
  Secret<kKeyBytes> audit_seed = subkey(Purpose::kAuditSigning);
  return Keys(std::move(pages), std::move(row_seal), std::move(values), std::move(request_state),
              std::move(audit_seed));
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
  request_state_.reveal([&](std::span<const unsigned char, kKeyBytes> key) {
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
  request_state_.reveal([&](std::span<const unsigned char, kKeyBytes> key) {
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

Keys::Keys(std::unique_ptr<base::SecretPages> pages, Secret<32> row_seal, Secret<32> values,
           Secret<32> request_state, Secret<32> audit_seed)
    : pages_(std::move(pages)),
      row_seal_(std::move(row_seal)),
      values_(std::move(values)),
      request_state_(std::move(request_state)),
      audit_seed_(std::move(audit_seed)) {
  audit_key_ = SigningKey(audit_seed_).public_part;
}

audit::Signed Keys::sign(audit::Checkpoint checkpoint) const {
  checkpoint.key = audit::name_of_key(audit_key_);
  audit::Signed made{.statement = audit::encode(checkpoint), .signature = {}};
  const SigningKey key(audit_seed_);
  crypto_sign_detached(made.signature.data(), nullptr,
                       reinterpret_cast<const unsigned char*>(made.statement.data()), made.statement.size(),
                       key.secret.data());
  return made;
}

wire::Digest Keys::seal(std::string_view table, std::initializer_list<std::string_view> parts) const {
  crypto_generichash_state state;
  row_seal_.reveal([&](std::span<const unsigned char, kKeyBytes> key) {
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
