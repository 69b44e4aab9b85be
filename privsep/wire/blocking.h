// The same frames for processes without an event loop: executor, password, mcpboxctl.
// Plain read(2) and write(2) where no descriptor travels, because a call child has no recvmsg.
#pragma once

#include "privsep/wire/fields.h"
#include "privsep/wire/frame.h"

namespace mcpbox::wire {

// Reads one whole frame.  room: descriptors it may carry (0 uses read(2)).
// kCancelled at the end of the stream; kInvalid when over max_payload or without the descriptors it
// announces; kTimeout when the socket has SO_RCVTIMEO and it passed.
base::Result<Frame> read_frame(int socket, std::size_t max_payload, std::size_t room = 0);

// Writes one whole frame (write(2) when it carries no descriptor).
base::Result<void> write_frame(int socket, const Frame& frame);

template <Message M>
base::Result<void> write_message(int socket, FrameKind kind, std::uint16_t op, std::uint32_t serial,
                                 M& message) {
  base::Result<Frame> frame = encode(message);
  if (!frame) return std::unexpected(frame.error());
  frame->header.kind = kind;
  frame->header.op = op;
  frame->header.serial = serial;
  return write_frame(socket, *frame);
}

// An error reply: the literal's text crosses, nothing else.
struct ErrorBody {
  std::uint8_t why = 0;
  Text<512> text;
  static auto fields(auto& m) { return std::tie(m.why, m.text); }
};

}  // namespace mcpbox::wire
