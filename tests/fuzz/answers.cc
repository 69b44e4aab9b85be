// Everything that a stolen child may answer to the monitor, and what the monitor answers to mcpboxctl.
#include <cstddef>
#include <cstdint>

#include "privsep/protocol/orders.h"
#include "privsep/protocol/protocol.h"
#include "tests/fuzz/decoding.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mcpbox::fuzz::decode_as_a_row<mcpbox::protocol::Orders, true>({data, size});
  mcpbox::fuzz::decode_as_a_row<mcpbox::protocol::Protocol, true>({data, size});
  return 0;
}
