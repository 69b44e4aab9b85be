// Run by the monitor.  Trusts the file only as far as its seal.
#include "privsep/monitor/audit_head.h"

#include <unistd.h>

#include <cstring>
#include <string>

namespace mcpbox::monitor {
namespace {

using base::Why;

constexpr std::string_view kMagic = "MCPBHEAD";
constexpr std::size_t kSequenceBytes = 8;
constexpr std::size_t kHashBytes = sizeof(wire::Digest);
constexpr std::size_t kFileBytes = kMagic.size() + kSequenceBytes + 2 * kHashBytes;

std::string bytes_of(const wire::Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string file_of(const Keys& keys, const ChainHead& head) {
  std::string sequence;
  for (std::size_t i = 0; i < kSequenceBytes; ++i) sequence += static_cast<char>(head.sequence >> (8 * i));
  const std::string hash = bytes_of(head.hash);
  return std::string(kMagic) + sequence + hash + bytes_of(keys.seal("audit.head", {sequence, hash}));
}

}  // namespace

base::Result<std::optional<ChainHead>> read_head(int fd, const Keys& keys) {
  std::string file(kFileBytes + 1, '\0');
  const ssize_t length = pread(fd, file.data(), file.size(), 0);
  if (length < 0) return base::fail_errno("cannot read audit.head");
  if (length == 0) return std::optional<ChainHead>();
  file.resize(static_cast<std::size_t>(length));
  if (file.size() != kFileBytes || !file.starts_with(kMagic))
    return base::fail(Why::kBroken, "audit.head is damaged");

  ChainHead head;
  for (std::size_t i = 0; i < kSequenceBytes; ++i)
    head.sequence |= static_cast<std::uint64_t>(static_cast<unsigned char>(file[kMagic.size() + i]))
                     << (8 * i);
  std::memcpy(head.hash.data(), file.data() + kMagic.size() + kSequenceBytes, kHashBytes);
  wire::Digest seal{};
  wire::Digest expected{};
  std::memcpy(seal.data(), file.data() + kFileBytes - kHashBytes, kHashBytes);
  std::memcpy(expected.data(), file_of(keys, head).data() + kFileBytes - kHashBytes, kHashBytes);
  if (!Keys::same(seal, expected))
    return base::fail(Why::kBroken,
                      "the seal of audit.head does not fit: it was changed, or the master key was");
  return std::optional(head);
}

base::Result<void> write_head(int fd, const Keys& keys, const ChainHead& head) {
  const std::string file = file_of(keys, head);
  const ssize_t written = pwrite(fd, file.data(), file.size(), 0);
  if (written < 0) return base::fail_errno("cannot write audit.head");
  if (static_cast<std::size_t>(written) != file.size())
    return base::fail(Why::kBroken, "cannot write audit.head whole");
  return {};
}

}  // namespace mcpbox::monitor
