// Runs in executor, password and mcpboxctl.  Trusts the peer for nothing but its own answer.
#include "privsep/wire/blocking.h"

#include <unistd.h>

namespace mcpbox::wire {
namespace {

// A blocking socket has nothing to say about EAGAIN but that its SO_RCVTIMEO or SO_SNDTIMEO has passed.
constexpr std::size_t kOnePiece = std::size_t{16} * 1024;
constexpr const char* kNotInTime = "the peer of a link did not answer in time";

base::Result<std::size_t> read_some(int socket, std::span<unsigned char> into, std::size_t room,
                                    std::vector<base::Fd>& fds) {
  if (room > 0) {
    base::Result<std::size_t> received = receive_some(socket, into, room, fds);
    if (received && *received == 0) return base::fail(base::Why::kTimeout, kNotInTime, EAGAIN);
    return received;
  }
  ssize_t got = 0;
  do {
    got = ::read(socket, into.data(), into.size());
  } while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN) return base::fail(base::Why::kTimeout, kNotInTime, EAGAIN);
  if (got < 0) return base::fail_errno("reading a frame failed");
  if (got == 0) return base::fail(base::Why::kCancelled, "end of the link");
  return static_cast<std::size_t>(got);
}

base::Result<void> read_all(int socket, std::span<unsigned char> into, std::size_t room,
                            std::vector<base::Fd>& fds) {
  while (!into.empty()) {
    const base::Result<std::size_t> got = read_some(socket, into, room, fds);
    if (!got) return std::unexpected(got.error());
    into = into.subspan(*got);
  }
  return {};
}

base::Result<void> write_all(int socket, std::span<const unsigned char> bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::write(socket, bytes.data(), bytes.size());
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) return base::fail(base::Why::kTimeout, kNotInTime, EAGAIN);
    if (sent < 0) return base::fail_errno("the peer of a link is gone");
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
  return {};
}

}  // namespace

base::Result<Frame> read_frame(int socket, std::size_t max_payload, std::size_t room) {
  Frame frame;
  HeaderBytes head{};
  base::Result<void> done = read_all(socket, head, room, frame.fds);
  if (!done) return std::unexpected(done.error());
  const base::Result<Header> header = decode_header(head, max_payload);
  if (!header) return std::unexpected(header.error());
  frame.header = *header;
  if (frame.fds.size() != header->fds)
    return base::fail(base::Why::kInvalid, "a frame without the descriptors it announces");
  frame.payload.resize(header->length);
  done = read_all(socket, {reinterpret_cast<unsigned char*>(frame.payload.data()), frame.payload.size()}, 0,
                  frame.fds);
  if (!done) return std::unexpected(done.error());
  return frame;
}

base::Result<void> write_frame(int socket, const Frame& frame) {
  const HeaderBytes head = encode_header(frame.header);
  std::span<const unsigned char> rest = head;
  if (!frame.fds.empty()) {
    const base::Result<std::size_t> sent = send_some(socket, head, frame.fds);
    if (!sent) return std::unexpected(sent.error());
    // Going on without that first byte would send the frame without its descriptors.
    if (*sent == 0) return base::fail(base::Why::kTimeout, kNotInTime, EAGAIN);
    rest = rest.subspan(*sent);
  }
  // In one piece where that is cheap: each write wakes the reader, who can do nothing with half a frame.
  const std::span payload(reinterpret_cast<const unsigned char*>(frame.payload.data()), frame.payload.size());
  if (payload.size() <= kOnePiece) {
    std::vector<unsigned char> whole(rest.begin(), rest.end());
    whole.insert(whole.end(), payload.begin(), payload.end());
    return write_all(socket, whole);
  }
  const base::Result<void> headed = write_all(socket, rest);
  return headed ? write_all(socket, payload) : headed;
}

}  // namespace mcpbox::wire
