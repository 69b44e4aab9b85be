// The twelve bytes that every peer sends first.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "privsep/wire/frame.h"
#include "tests/fuzz/decoding.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace mcpbox;
  constexpr std::size_t kLimit = 1 << 20;
  wire::HeaderBytes bytes{};
  if (size < bytes.size()) return 0;
  std::copy_n(data, bytes.size(), bytes.begin());
  const base::Result<wire::Header> header = wire::decode_header(bytes, kLimit);
  if (!header) return 0;
  fuzz::require(header->length <= kLimit && header->fds <= wire::kMaxFds);
  fuzz::require(wire::encode_header(*header) == bytes);
  return 0;
}
