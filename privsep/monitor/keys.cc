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
enum class Purpose : std::uint64_t { kRowSeal = 1, kStoredValues = 2 };

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
  Secret<kKeyBytes> row_seal = master.reveal(
      [&](std::span<const unsigned char, kKeyBytes> key) { return derive(*pages, key, Purpose::kRowSeal); });
  Secret<kKeyBytes> values = master.reveal([&](std::span<const unsigned char, kKeyBytes> key) {
    return derive(*pages, key, Purpose::kStoredValues);
  });
  return Keys(std::move(pages), std::move(row_seal), std::move(values));
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
