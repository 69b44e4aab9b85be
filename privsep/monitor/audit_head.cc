// Run by the monitor.  Trusts the file only as far as its seal.
#include "privsep/monitor/audit_head.h"

#include <unistd.h>

#include <cstring>
#include <string>

namespace mcpbox::monitor {
namespace {

using base::Why;

constexpr std::string_view kMagic = "MCPBHED2";
constexpr std::string_view kMagicBefore = "MCPBHEAD";
constexpr std::size_t kNumberBytes = 8;
constexpr std::size_t kHashBytes = sizeof(wire::Digest);
constexpr std::size_t kBytesBefore = kMagicBefore.size() + kNumberBytes + 2 * kHashBytes;
constexpr std::size_t kFileBytes = kMagic.size() + 2 * kNumberBytes + 3 * kHashBytes;

std::string bytes_of(const wire::Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string bytes_of(std::uint64_t number) {
  std::string bytes;
  for (std::size_t i = 0; i < kNumberBytes; ++i) bytes += static_cast<char>(number >> (8 * i));
  return bytes;
}

// The fields of a file, from its front.
class Fields {
 public:
  explicit Fields(std::string_view file) : rest_(file) {}
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < kNumberBytes; ++i)
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(rest_[i])) << (8 * i);
    rest_.remove_prefix(kNumberBytes);
    return value;
  }
  wire::Digest digest() {
    wire::Digest value{};
    std::memcpy(value.data(), rest_.data(), kHashBytes);
    rest_.remove_prefix(kHashBytes);
    return value;
  }

 private:
  std::string_view rest_;
};

std::string file_of(const Keys& keys, const Remembered& what) {
  const std::string sequence = bytes_of(what.head.sequence);
  const std::string hash = bytes_of(what.head.hash);
  if (!what.decisions)
    return std::string(kMagicBefore) + sequence + hash + bytes_of(keys.seal("audit.head", {sequence, hash}));
  const std::string decisions = bytes_of(*what.decisions);
  const std::string from = bytes_of(what.trusted_from);
  return std::string(kMagic) + sequence + hash + decisions + from +
         bytes_of(keys.seal("audit.head", {sequence, hash, decisions, from}));
}

wire::Digest seal_in(std::string_view file) {
  wire::Digest seal{};
  std::memcpy(seal.data(), file.data() + file.size() - kHashBytes, kHashBytes);
  return seal;
}

}  // namespace

base::Result<std::optional<Remembered>> read_head(int fd, const Keys& keys) {
  std::string file(kFileBytes + 1, '\0');
  const ssize_t length = pread(fd, file.data(), file.size(), 0);
  if (length < 0) return base::fail_errno("cannot read audit.head");
  if (length == 0) return std::optional<Remembered>();
  file.resize(static_cast<std::size_t>(length));
  const bool before = file.size() == kBytesBefore && file.starts_with(kMagicBefore);
  if (!before && (file.size() != kFileBytes || !file.starts_with(kMagic)))
    return base::fail(Why::kBroken, "audit.head is damaged");

  Fields fields(std::string_view(file).substr(kMagic.size()));
  Remembered what;
  what.head.sequence = fields.number();
  what.head.hash = fields.digest();
  if (!before) {
    what.decisions = fields.digest();
    what.trusted_from = fields.number();
  }
  if (!Keys::same(seal_in(file), seal_in(file_of(keys, what))))
    return base::fail(Why::kBroken,
                      "the seal of audit.head does not fit: it was changed, or the master key was");
  return std::optional(what);
}

base::Result<void> write_head(int fd, const Keys& keys, const Remembered& what) {
  const std::string file = file_of(keys, what);
  const ssize_t written = pwrite(fd, file.data(), file.size(), 0);
  if (written < 0) return base::fail_errno("cannot write audit.head");
  if (static_cast<std::size_t>(written) != file.size())
    return base::fail(Why::kBroken, "cannot write audit.head whole");
  return {};
}

}  // namespace mcpbox::monitor
