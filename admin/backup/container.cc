// Runs in mcpbox-backup.  A file that is read may be anybody's: nothing of it is used before its chunk's tag
// was checked, and its header asks for no more memory than a bound allows.
#include "admin/backup/container.h"

#include <sodium.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace mcpbox::backup {
namespace {

constexpr std::string_view kMagic = "MCPBBACK";
constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kLockBytes = 112;
constexpr std::uint64_t kMostOperations = 16;
constexpr std::uint64_t kMostMemory = std::uint64_t{1} << 30;
constexpr const char* kNotOurs = "this is no backup of MCPbox";
constexpr const char* kDamagedHeader = "the backup is damaged: its header cannot be";

using State = crypto_secretstream_xchacha20poly1305_state;
static_assert(sizeof(State) == Wiped<52>::size());
static_assert(crypto_secretstream_xchacha20poly1305_ABYTES == kSealedChunkBytes - kChunkBytes);
static_assert(crypto_secretstream_xchacha20poly1305_KEYBYTES == Key::size());
static_assert(kMagic.size() + 1 + 1 + 8 + kLockBytes + crypto_secretstream_xchacha20poly1305_HEADERBYTES ==
              kHeaderBytes);

State* state_of(Wiped<52>& bytes) { return reinterpret_cast<State*>(bytes.data()); }
unsigned char* raw(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* raw(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

void add_number(std::string& to, std::uint64_t number) {
  for (unsigned i = 0; i < 8; ++i) to += static_cast<char>(number >> (8 * i));
}

template <std::size_t N>
void add(std::string& to, const std::array<unsigned char, N>& bytes) {
  to.append(reinterpret_cast<const char*>(bytes.data()), N);
}

// Takes the header apart from its beginning on.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : rest_(bytes) {}
  std::string_view take(std::size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::uint64_t number() {
    const std::string_view bytes = take(8);
    std::uint64_t value = 0;
    for (unsigned i = 0; i < 8; ++i)
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
    return value;
  }
  template <std::size_t N>
  void into(std::array<unsigned char, N>& array) {
    std::ranges::copy(take(N), array.begin());
  }

 private:
  std::string_view rest_;
};

}  // namespace

std::string encode(const Header& header) {
  std::string bytes(kMagic);
  bytes += static_cast<char>(kFormat);
  bytes += static_cast<char>(header.lock);
  add_number(bytes, static_cast<std::uint64_t>(header.created_ms));
  if (header.lock == LockKind::kPassphrase) {
    add(bytes, header.salt);
    add_number(bytes, header.operations);
    add_number(bytes, header.memory);
    bytes.append(header.sealed_key.size(), '\0');
  } else {
    add(bytes, header.recipient);
    add(bytes, header.sealed_key);
  }
  add(bytes, header.stream);
  return bytes;
}

Outcome<Header> decode_header(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes)
    return refuse(bytes.starts_with(kMagic) ? "the backup is cut short: its header is not whole" : kNotOurs);
  Cursor cursor(bytes);
  if (cursor.take(kMagic.size()) != kMagic) return refuse(kNotOurs);
  const auto format = static_cast<std::uint8_t>(cursor.take(1)[0]);
  if (format > kFormat)
    return refuse("the backup was made by a newer MCPbox (format " + std::to_string(format) +
                  "): restore it with that one");
  const auto lock = static_cast<std::uint8_t>(cursor.take(1)[0]);
  if (format != kFormat || lock < 1 || lock > 2) return refuse(kDamagedHeader);
  Header header{.lock = static_cast<LockKind>(lock)};
  header.created_ms = static_cast<std::int64_t>(cursor.number());
  if (header.lock == LockKind::kPassphrase) {
    cursor.into(header.salt);
    header.operations = cursor.number();
    header.memory = cursor.number();
    const std::string_view zeros = cursor.take(header.sealed_key.size());
    if (zeros.find_first_not_of('\0') != std::string_view::npos || header.operations < 1 ||
        header.operations > kMostOperations || header.memory < crypto_pwhash_MEMLIMIT_MIN ||
        header.memory > kMostMemory)
      return refuse(kDamagedHeader);
  } else {
    cursor.into(header.recipient);
    cursor.into(header.sealed_key);
  }
  cursor.into(header.stream);
  return header;
}

Outcome<Header> read_header(int fd) {
  std::string bytes(kHeaderBytes, '\0');
  if (::lseek(fd, 0, SEEK_SET) != 0) return refuse_errno("cannot read the backup");
  const ssize_t length = read_fully(fd, bytes.data(), bytes.size());
  if (length < 0) return refuse_errno("cannot read the backup");
  return decode_header(std::string_view(bytes).substr(0, static_cast<std::size_t>(length)));
}

Outcome<Writer> Writer::begin(int fd, Header header, const Key& key) {
  Writer writer;
  writer.fd_ = fd;
  if (crypto_secretstream_xchacha20poly1305_init_push(state_of(writer.state_), header.stream.data(),
                                                      key.data()) != 0)
    return refuse("the encryption does not start");
  writer.header_ = encode(header);
  writer.plain_.reserve(kChunkBytes);
  if (!write_fully(fd, writer.header_)) return refuse_errno("cannot write the backup");
  if (Outcome<void> proof = writer.seal(crypto_secretstream_xchacha20poly1305_TAG_PUSH); !proof)
    return std::unexpected(proof.error());
  return writer;
}

Outcome<void> Writer::put(std::string_view bytes) {
  while (!bytes.empty()) {
    // A full chunk is written when more follows: the last one, which carries the mark of the end, may be
    // full.
    if (plain_.size() == kChunkBytes)
      if (Outcome<void> sealed = seal(crypto_secretstream_xchacha20poly1305_TAG_MESSAGE); !sealed)
        return sealed;
    const std::size_t fits = std::min(bytes.size(), kChunkBytes - plain_.size());
    plain_.append(bytes.substr(0, fits));
    bytes.remove_prefix(fits);
  }
  return {};
}

Outcome<void> Writer::finish() { return seal(crypto_secretstream_xchacha20poly1305_TAG_FINAL); }

Outcome<void> Writer::seal(unsigned char tag) {
  sealed_.resize(plain_.size() + crypto_secretstream_xchacha20poly1305_ABYTES);
  crypto_secretstream_xchacha20poly1305_push(state_of(state_), raw(sealed_), nullptr, raw(plain_),
                                             plain_.size(), raw(header_), header_.size(), tag);
  ::explicit_bzero(plain_.data(), plain_.size());
  plain_.clear();
  if (!write_fully(fd_, sealed_)) return refuse_errno("cannot write the backup");
  return {};
}

Outcome<Reader> Reader::begin(int fd, const Header& header, const Key& key) {
  Reader reader;
  reader.fd_ = fd;
  reader.header_ = encode(header);
  reader.sealed_.resize(kSealedChunkBytes);
  reader.plain_.resize(kChunkBytes);
  std::array<char, kProofBytes> proof{};
  const ssize_t length = read_fully(fd, proof.data(), proof.size());
  if (length < 0) return refuse_errno("cannot read the backup");
  if (length != static_cast<ssize_t>(proof.size()))
    return refuse("the backup is cut short: its end is missing");
  std::size_t plain = 0;
  unsigned char tag = 0;
  const bool good = crypto_secretstream_xchacha20poly1305_init_pull(state_of(reader.state_),
                                                                    header.stream.data(), key.data()) == 0 &&
                    reader.pull({proof.data(), proof.size()}, plain, tag) &&
                    tag == crypto_secretstream_xchacha20poly1305_TAG_PUSH;
  if (!good) return refuse("the passphrase or key does not open this backup, or its header was changed");
  return reader;
}

bool Reader::pull(std::string_view sealed, std::size_t& plain, unsigned char& tag) {
  unsigned long long length = 0;
  const bool good =
      crypto_secretstream_xchacha20poly1305_pull(state_of(state_), raw(plain_), &length, &tag, raw(sealed),
                                                 sealed.size(), raw(header_), header_.size()) == 0;
  plain = static_cast<std::size_t>(length);
  return good;
}

Outcome<std::string_view> Reader::next() {
  if (ended_) return std::string_view();
  const ssize_t length = read_fully(fd_, sealed_.data(), sealed_.size());
  if (length < 0) return refuse_errno("cannot read the backup");
  if (length == 0) return refuse("the backup is cut short: its end is missing");
  std::size_t plain = 0;
  unsigned char tag = 0;
  if (!pull(std::string_view(sealed_).substr(0, static_cast<std::size_t>(length)), plain, tag))
    return refuse("the backup is damaged or cut short");
  ended_ = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
  char more = 0;
  if (ended_ && read_fully(fd_, &more, 1) != 0) return refuse("the backup is damaged: more follows its end");
  if (!ended_ && plain != kChunkBytes) return refuse("the backup is damaged: a chunk has the wrong size");
  return std::string_view(plain_).substr(0, plain);
}

bool write_fully(int fd, std::string_view bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t written = ::write(fd, bytes.data() + done, bytes.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    done += static_cast<std::size_t>(written);
  }
  return true;
}

ssize_t read_fully(int fd, char* into, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::read(fd, into + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -1;
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return static_cast<ssize_t>(done);
}

}  // namespace mcpbox::backup
