// Runs in the monitor.  The bytes come from the database: they are opened, never believed.
//   version (1) || key id (4) || nonce (12 or 24) || ciphertext || tag (16)
// The version and the key id are authenticated with the AAD, so neither can be exchanged.
#include <sodium.h>
#include <sys/random.h>

#include <algorithm>
#include <array>

#include "privsep/monitor/keys.h"

namespace mcpbox::monitor {
namespace {

using base::Why;

enum class Algorithm : unsigned char { kAes256Gcm = 1, kXChaCha20Poly1305 = 2 };
constexpr std::size_t kKeyIdBytes = 4;
constexpr std::size_t kHeadBytes = 1 + kKeyIdBytes;
constexpr std::size_t kTagBytes = 16;
static_assert(kTagBytes == crypto_aead_aes256gcm_ABYTES &&
              kTagBytes == crypto_aead_xchacha20poly1305_ietf_ABYTES);

constexpr std::size_t nonce_bytes(Algorithm algorithm) {
  return algorithm == Algorithm::kAes256Gcm ? crypto_aead_aes256gcm_NPUBBYTES
                                            : crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// The key in AES's expanded form exists only here, and is overwritten.
struct Expanded {
  alignas(16) crypto_aead_aes256gcm_state state{};
  explicit Expanded(const unsigned char* key) { crypto_aead_aes256gcm_beforenm(&state, key); }
  Expanded(const Expanded&) = delete;
  Expanded& operator=(const Expanded&) = delete;
  ~Expanded() { sodium_memzero(&state, sizeof state); }
};

struct Parts {
  Algorithm algorithm{};
  std::string_view head, nonce, sealed;
};

base::Result<Parts> take_apart(std::string_view stored, std::string_view key_id) {
  constexpr base::Error kDamaged{Why::kInvalid, "a stored value is damaged"};
  if (stored.size() < kHeadBytes) return std::unexpected(kDamaged);
  const Algorithm algorithm{static_cast<unsigned char>(stored[0])};
  if (algorithm != Algorithm::kAes256Gcm && algorithm != Algorithm::kXChaCha20Poly1305)
    return std::unexpected(kDamaged);
  if (stored.substr(1, kKeyIdBytes) != key_id)
    return base::fail(Why::kInvalid, "a stored value was made with another master key");
  const std::size_t nonce = nonce_bytes(algorithm);
  if (stored.size() < kHeadBytes + nonce + kTagBytes) return std::unexpected(kDamaged);
  return Parts{.algorithm = algorithm,
               .head = stored.substr(0, kHeadBytes),
               .nonce = stored.substr(kHeadBytes, nonce),
               .sealed = stored.substr(kHeadBytes + nonce)};
}

}  // namespace

Plain& Plain::operator=(Plain&& other) noexcept {
  wipe();
  bytes_ = std::move(other.bytes_);
  other.wipe();
  return *this;
}

// Up to the capacity: a moved-from short string keeps its bytes in place.
void Plain::wipe() {
  bytes_.resize(bytes_.capacity());
  sodium_memzero(bytes_.data(), bytes_.size());
  bytes_.clear();
}

std::string Keys::value_key_id() const {
  const wire::Digest digest = subkeys_.values.reveal([](std::span<const unsigned char, 32> key) {
    return digest_of({"mcpbox-key-id-v1", {reinterpret_cast<const char*>(key.data()), key.size()}});
  });
  return {reinterpret_cast<const char*>(digest.data()), kKeyIdBytes};
}

bool Keys::closed(std::string_view stored) const {
  return stored.empty() || (stored.size() > kHeadBytes && stored.substr(1, kKeyIdBytes) == value_key_id());
}

std::string Keys::close_value(std::string_view value, std::string_view aad) const {
  const Algorithm algorithm =
      crypto_aead_aes256gcm_is_available() != 0 ? Algorithm::kAes256Gcm : Algorithm::kXChaCha20Poly1305;
  std::string stored(1, static_cast<char>(algorithm));
  stored += value_key_id();
  const std::string whole_aad = stored + std::string(aad);
  std::string nonce(nonce_bytes(algorithm), '\0');
  if (getrandom(nonce.data(), nonce.size(), 0) != static_cast<ssize_t>(nonce.size()))
    PANIC("no random bytes");
  std::string sealed(value.size() + kTagBytes, '\0');
  auto* out = reinterpret_cast<unsigned char*>(sealed.data());
  subkeys_.values.reveal([&](std::span<const unsigned char, 32> key) {
    if (algorithm == Algorithm::kAes256Gcm) {
      const Expanded expanded(key.data());
      crypto_aead_aes256gcm_encrypt_afternm(out, nullptr, bytes_of(value), value.size(), bytes_of(whole_aad),
                                            whole_aad.size(), nullptr, bytes_of(nonce), &expanded.state);
    } else {
      crypto_aead_xchacha20poly1305_ietf_encrypt(out, nullptr, bytes_of(value), value.size(),
                                                 bytes_of(whole_aad), whole_aad.size(), nullptr,
                                                 bytes_of(nonce), key.data());
    }
  });
  return stored + nonce + sealed;
}

base::Result<Plain> Keys::open_value(std::string_view stored, std::string_view aad) const {
  const base::Result<Parts> parts = take_apart(stored, value_key_id());
  if (!parts) return std::unexpected(parts.error());
  const bool aes = parts->algorithm == Algorithm::kAes256Gcm;
  if (aes && crypto_aead_aes256gcm_is_available() == 0)
    return base::fail(Why::kBroken,
                      "a stored value needs a CPU with AES: set the secret again on this machine");
  const std::string whole_aad = std::string(parts->head) + std::string(aad);
  Plain plain(parts->sealed.size() - kTagBytes);
  const int wrong = subkeys_.values.reveal([&](std::span<const unsigned char, 32> key) {
    const unsigned char* sealed = bytes_of(parts->sealed);
    if (!aes)
      return crypto_aead_xchacha20poly1305_ietf_decrypt(plain.data(), nullptr, nullptr, sealed,
                                                        parts->sealed.size(), bytes_of(whole_aad),
                                                        whole_aad.size(), bytes_of(parts->nonce), key.data());
    const Expanded expanded(key.data());
    return crypto_aead_aes256gcm_decrypt_afternm(plain.data(), nullptr, nullptr, sealed, parts->sealed.size(),
                                                 bytes_of(whole_aad), whole_aad.size(),
                                                 bytes_of(parts->nonce), &expanded.state);
  });
  if (wrong != 0) return base::fail(Why::kInvalid, "a stored value does not belong where it stands");
  return plain;
}

}  // namespace mcpbox::monitor
