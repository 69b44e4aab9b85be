// Everything that a stolen child, or anybody at the control socket, may send to the monitor.
#include <cstddef>
#include <cstdint>

#include "privsep/protocol/protocol.h"
#include "tests/fuzz/decoding.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  mcpbox::fuzz::decode_as_a_row<mcpbox::protocol::Protocol, false>({data, size});
  return 0;
}
