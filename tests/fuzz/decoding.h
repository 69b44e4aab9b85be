// What must hold for any bytes that a peer sends as any message: decoding never crashes, never makes a value
// that is over its bounds, and takes only the one encoding that we would send ourselves.
#pragma once

#include <span>
#include <string>

#include "tests/fuzz/require.h"
#include "tests/privsep/wire/any_message.h"

namespace mcpbox::fuzz {

template <class M>
void decode_as(std::span<const unsigned char> input) {
  wire::Frame frame;
  frame.payload.assign(reinterpret_cast<const char*>(input.data()), input.size());
  const std::string payload = frame.payload;
  constexpr bool kCarriesDescriptor = requires(M m) { m.fd; } || requires(M m) { m.pidfd; } ||
                                      requires(M m) { m.socket; } || requires(M m) { m.connection; };
  if (kCarriesDescriptor) frame.fds.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  base::Result<M> message = wire::decode<M>(frame);
  if (!message) return;
  require(payload.size() <= wire::max_bytes<M>());
  require(wire::testing::within_bounds(*message));
  base::Result<wire::Frame> again = wire::encode(*message);
  require(again.has_value() && again->payload == payload);
}

// The first byte chooses the row, the rest is the payload.
template <class Table, bool kReplies>
void decode_as_a_row(std::span<const unsigned char> input) {
  if (input.empty()) return;
  std::size_t rows = 0;
  Table::each([&]<class Row>() { ++rows; });
  std::size_t wanted = input[0] % rows;
  Table::each([&]<class Row>() {
    if (wanted-- != 0) return;
    if constexpr (kReplies)
      decode_as<typename Row::Request::Reply>(input.subspan(1));
    else
      decode_as<typename Row::Request>(input.subspan(1));
  });
}

}  // namespace mcpbox::fuzz
