// Runs in every process.  Trusts nothing that the peer sent: length, kind and descriptor count are checked
// before a byte of the payload is read.
#include "privsep/wire/frame.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <cstring>

namespace mcpbox::wire {
namespace {

void put(unsigned char* at, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) at[i] = static_cast<unsigned char>(value >> (8 * i));
}

std::uint32_t get(const unsigned char* at, std::size_t bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value |= static_cast<std::uint32_t>(at[i]) << (8 * i);
  return value;
}

struct alignas(cmsghdr) ControlRoom {
  std::array<unsigned char, CMSG_SPACE(sizeof(int) * kMaxFds)> bytes;
};

void attach(msghdr& message, ControlRoom& room, std::span<const base::Fd> fds) {
  room.bytes.fill(0);
  message.msg_control = room.bytes.data();
  message.msg_controllen = CMSG_SPACE(sizeof(int) * fds.size());
  cmsghdr* control = CMSG_FIRSTHDR(&message);
  control->cmsg_level = SOL_SOCKET;
  control->cmsg_type = SCM_RIGHTS;
  control->cmsg_len = CMSG_LEN(sizeof(int) * fds.size());
  for (std::size_t i = 0; i < fds.size(); ++i) {
    const int raw = fds[i].get();
    std::memcpy(CMSG_DATA(control) + i * sizeof(int), &raw, sizeof(int));
  }
}

void take_descriptors(msghdr& message, std::vector<base::Fd>& fds) {
  for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr;
       control = CMSG_NXTHDR(&message, control)) {
    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int raw = -1;
      std::memcpy(&raw, CMSG_DATA(control) + i * sizeof(int), sizeof(int));
      fds.emplace_back(raw);
    }
  }
}

}  // namespace

HeaderBytes encode_header(const Header& header) {
  HeaderBytes bytes{};
  put(&bytes[0], header.length, 4);
  put(&bytes[4], header.serial, 4);
  put(&bytes[8], header.op, 2);
  put(&bytes[10], static_cast<std::uint8_t>(header.kind), 1);
  put(&bytes[11], header.fds, 1);
  return bytes;
}

base::Result<Header> decode_header(std::span<const unsigned char, kHeaderBytes> bytes,
                                   std::size_t max_payload) {
  Header header;
  header.length = get(&bytes[0], 4);
  header.serial = get(&bytes[4], 4);
  header.op = static_cast<std::uint16_t>(get(&bytes[8], 2));
  header.fds = bytes[11];
  if (bytes[10] < static_cast<unsigned>(FrameKind::kRequest) ||
      bytes[10] > static_cast<unsigned>(FrameKind::kNotice))
    return base::fail(base::Why::kInvalid, "frame of an unknown kind");
  header.kind = static_cast<FrameKind>(bytes[10]);
  if (header.length > max_payload) return base::fail(base::Why::kInvalid, "frame over its limit");
  if (header.fds > kMaxFds) return base::fail(base::Why::kInvalid, "frame with too many descriptors");
  return header;
}

base::Result<std::size_t> send_some(int socket, std::span<const unsigned char> bytes,
                                    std::span<const base::Fd> fds) {
  iovec part{const_cast<unsigned char*>(bytes.data()), bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  ControlRoom room;
  if (!fds.empty()) attach(message, room, fds);
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  if (errno == EAGAIN || errno == EWOULDBLOCK) return std::size_t{0};
  return base::fail_errno("the peer of a link is gone");
}

base::Result<std::size_t> receive_some(int socket, std::span<unsigned char> into, std::size_t room,
                                       std::vector<base::Fd>& fds) {
  iovec part{into.data(), into.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  ControlRoom control;
  if (room > 0) {
    message.msg_control = control.bytes.data();
    // CMSG_LEN, not CMSG_SPACE: the padding of the latter has room for one descriptor more.
    message.msg_controllen = CMSG_LEN(sizeof(int) * room);
  }
  ssize_t got = 0;
  do {
    got = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return std::size_t{0};
  if (got < 0) return base::fail_errno("receiving from a link failed");
  take_descriptors(message, fds);
  if ((message.msg_flags & MSG_CTRUNC) != 0)
    return base::fail(base::Why::kInvalid, "descriptors that the frame did not announce");
  if (got == 0) return base::fail(base::Why::kCancelled, "end of the link");
  return static_cast<std::size_t>(got);
}

}  // namespace mcpbox::wire
