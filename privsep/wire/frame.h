// One frame of a link: a 12-byte header, then `length` payload bytes.  Descriptors travel as SCM_RIGHTS on
// the header's first byte.  All integers are little-endian.
//
//   offset  size  field
//   0       4     length     payload bytes, at most the reader's limit
//   4       4     serial     chosen by the asker, echoed in the answer; 0 in a notice
//   8       2     op         protocol::Op
//   10      1     kind       FrameKind
//   11      1     fds        descriptors attached, 0 to kMaxFds
//
// Links are SOCK_STREAM socketpairs: a request can be megabytes, which a datagram could not carry.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "privsep/base/error.h"
#include "privsep/base/fd.h"

namespace mcpbox::wire {

inline constexpr std::size_t kHeaderBytes = 12;
inline constexpr std::size_t kMaxFds = 3;

enum class FrameKind : std::uint8_t { kRequest = 1, kReply, kError, kNotice };

struct Header {
  std::uint32_t length = 0;
  std::uint32_t serial = 0;
  std::uint16_t op = 0;
  FrameKind kind = FrameKind::kRequest;
  std::uint8_t fds = 0;
};

struct Frame {
  Header header;
  std::string payload;
  std::vector<base::Fd> fds;
};

using HeaderBytes = std::array<unsigned char, kHeaderBytes>;

HeaderBytes encode_header(const Header& header);

// kInvalid when the kind is unknown, the payload is over `max_payload`, or there are too many descriptors.
base::Result<Header> decode_header(std::span<const unsigned char, kHeaderBytes> bytes,
                                   std::size_t max_payload);

// Sends what the socket takes of `bytes` (non-blocking sockets) together with `fds`, which go with the
// first byte.  Returns the count sent, 0 when the socket is full.  kBroken when the peer is gone.
base::Result<std::size_t> send_some(int socket, std::span<const unsigned char> bytes,
                                    std::span<const base::Fd> fds);

// Receives at most `into.size()` bytes and appends descriptors to `fds` (close-on-exec).
//   room     descriptors that may still come with the frame being read; control room is given for exactly
//   these returns  bytes read, 0 when the socket is empty for now; kCancelled at the end of the stream;
//            kInvalid when more descriptors came than there was room for (MSG_CTRUNC): end the peer
base::Result<std::size_t> receive_some(int socket, std::span<unsigned char> into, std::size_t room,
                                       std::vector<base::Fd>& fds);

}  // namespace mcpbox::wire
