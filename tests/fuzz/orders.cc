// What children decode of what the monitor asks of them.
#include <cstddef>
#include <cstdint>

#include "privsep/protocol/orders.h"
#include "tests/fuzz/decoding.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mcpbox::fuzz::decode_as_a_row<mcpbox::protocol::Orders, false>({data, size});
  return 0;
}
