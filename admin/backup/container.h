// The file of a backup, as bytes: a header that says how its key is had, then chunks of 64 KiB, each
// encrypted and authenticated together with its place (libsodium's secretstream).  docs/backup-format.md.
//
//   8   "MCPBBACK"
//   1   format, 1
//   1   lock: 1 passphrase, 2 public key
//   8   when it was made, milliseconds since 1970, little-endian
//   112 passphrase: salt 16, operations 8, memory 8, zeros 80; public key: the key 32, the sealed file key 80
//   24  secretstream header
//   17  an empty chunk, which tells a wrong key from a damaged file
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "privsep/launcher/outcome.h"

namespace mcpbox::backup {

using launcher::Outcome;
using launcher::refuse;
using launcher::refuse_errno;

// Key bytes, overwritten when they go.
template <std::size_t N>
class Wiped {
 public:
  Wiped() = default;
  Wiped(Wiped&& other) noexcept : bytes_(other.bytes_) { other.wipe(); }
  Wiped& operator=(Wiped&& other) noexcept {
    bytes_ = other.bytes_;
    if (this != &other) other.wipe();
    return *this;
  }
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;
  ~Wiped() { wipe(); }
  [[nodiscard]] unsigned char* data() { return bytes_.data(); }
  [[nodiscard]] const unsigned char* data() const { return bytes_.data(); }
  [[nodiscard]] static constexpr std::size_t size() { return N; }

 private:
  void wipe() { ::explicit_bzero(bytes_.data(), N); }
  std::array<unsigned char, N> bytes_{};
};
using Key = Wiped<32>;

enum class LockKind : std::uint8_t { kPassphrase = 1, kPublicKey = 2 };

struct Header {
  LockKind lock = LockKind::kPassphrase;
  std::int64_t created_ms = 0;
  std::array<unsigned char, 16> salt{};  // a passphrase's
  std::uint64_t operations = 0, memory = 0;
  std::array<unsigned char, 32> recipient{};  // a public key's
  std::array<unsigned char, 80> sealed_key{};
  std::array<unsigned char, 24> stream{};
};

inline constexpr std::size_t kHeaderBytes = 154;
inline constexpr std::size_t kProofBytes =
    17;  // an empty chunk behind it: opens with the right key and no other
inline constexpr std::size_t kChunkBytes = 65'536;
inline constexpr std::size_t kSealedChunkBytes = kChunkBytes + 17;

[[nodiscard]] std::string encode(const Header& header);
// The error says what kind of file it is not.  Nothing in a header is authenticated before the first chunk
// is.
[[nodiscard]] Outcome<Header> decode_header(std::string_view bytes);
// Reads it from the beginning of an open file, and leaves the descriptor behind it.
[[nodiscard]] Outcome<Header> read_header(int fd);

// Writes header and chunks.  Without finish() the file is not whole, and no reader takes it for that.
class Writer {
 public:
  // header: without its stream part, which is made here
  [[nodiscard]] static Outcome<Writer> begin(int fd, Header header, const Key& key);
  [[nodiscard]] Outcome<void> put(std::string_view bytes);
  [[nodiscard]] Outcome<void> finish();

 private:
  Writer() = default;
  [[nodiscard]] Outcome<void> seal(unsigned char tag);
  int fd_ = -1;
  std::string header_;  // authenticated with each chunk
  Wiped<52> state_;     // crypto_secretstream_xchacha20poly1305_state
  std::string plain_, sealed_;
};

class Reader {
 public:
  // fd: behind the header, as read_header() leaves it.  Refused when the key is not this file's.
  [[nodiscard]] static Outcome<Reader> begin(int fd, const Header& header, const Key& key);
  // The next bytes, valid until the next call; empty at the end of a whole file.
  [[nodiscard]] Outcome<std::string_view> next();

 private:
  Reader() = default;
  [[nodiscard]] bool pull(std::string_view sealed, std::size_t& plain, unsigned char& tag);
  int fd_ = -1;
  std::string header_;
  Wiped<52> state_;
  std::string sealed_, plain_;
  bool ended_ = false;
};

// Writes all of it, whatever interrupts.
[[nodiscard]] bool write_fully(int fd, std::string_view bytes);
// Reads until `into` is full or the file ends; the count, or -1.
[[nodiscard]] ssize_t read_fully(int fd, char* into, std::size_t size);

}  // namespace mcpbox::backup
