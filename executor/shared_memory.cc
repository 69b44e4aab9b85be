// Runs in [zygote] before its jail.  Trusts the files of the distribution that the bytes come from.
#include "executor/shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "privsep/base/fd.h"

namespace mcpbox::executor {
namespace {

constexpr int kSeals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;

bool write_all(int file, std::span<const unsigned char> bytes) {
  while (!bytes.empty()) {
    const ssize_t done = ::write(file, bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(done));
  }
  return true;
}

}  // namespace

base::Result<std::span<const unsigned char>> share(std::span<const unsigned char> bytes) {
  if (bytes.empty()) return bytes;
  const base::Fd file(::memfd_create("mcpbox-library", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) return base::fail_errno("shared memory: memfd_create");
  if (!write_all(file.get(), bytes)) return base::fail_errno("shared memory: write");
  if (::fcntl(file.get(), F_ADD_SEALS, kSeals) != 0) return base::fail_errno("shared memory: seal");
  void* const at = ::mmap(nullptr, bytes.size(), PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (at == MAP_FAILED) return base::fail_errno("shared memory: mmap");
  return std::span(static_cast<const unsigned char*>(at), bytes.size());
}

}  // namespace mcpbox::executor
