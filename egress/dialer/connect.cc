// Runs in [dial].  The only place in the product that calls connect() on an internet socket.
#include "egress/dialer/connect.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "privsep/base/clock.h"

namespace mcpbox::dialer {
namespace {

using base::Why;

constexpr std::int64_t kNextAddressMs = 3'000;  // without an answer from one, when there are others

struct SocketAddress {
  sockaddr_storage bytes{};
  socklen_t size = 0;
};

SocketAddress socket_address(const policy::Address& address, std::uint16_t port) {
  SocketAddress out;
  if (address.v6) {
    auto* six = reinterpret_cast<sockaddr_in6*>(&out.bytes);
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(port);
    std::memcpy(&six->sin6_addr, address.bytes.data(), 16);
    out.size = sizeof *six;
  } else {
    auto* four = reinterpret_cast<sockaddr_in*>(&out.bytes);
    four->sin_family = AF_INET;
    four->sin_port = htons(port);
    std::memcpy(&four->sin_addr, address.bytes.data(), 4);
    out.size = sizeof *four;
  }
  return out;
}

base::Error error_of(int error) {
  switch (error) {
    case ECONNREFUSED:
      return {Why::kBroken, "connection refused", error};
    case EHOSTUNREACH:
    case ENETUNREACH:
      return {Why::kBroken, "no route to the host", error};
    case ETIMEDOUT:
      return {Why::kTimeout, "the host does not answer", error};
    case ECONNRESET:
      return {Why::kBroken, "the host closed the connection at once", error};
    default:
      return {Why::kBroken, "the connection could not be made", error};
  }
}

loop::Task<base::Fd> connect_to(loop::Loop& loop, policy::Address address, std::uint16_t port,
                                std::int64_t patience_ms) {
  base::Fd socket(::socket(address.v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) co_return std::unexpected(error_of(errno));
  constexpr int kOn = 1;
  static_cast<void>(::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &kOn, sizeof kOn));
  const SocketAddress to = socket_address(address, port);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to.bytes), to.size) == 0) co_return socket;
  if (errno != EINPROGRESS) co_return std::unexpected(error_of(errno));
  loop::Later<loop::Nothing> ready;
  loop::Watch writable(loop, socket.get(), loop::Ready::kWrite,
                       [ready]() mutable { ready.resolve(loop::Nothing{}); });
  loop::Timer patience(loop, [ready]() mutable { ready.resolve(std::unexpected(error_of(ETIMEDOUT))); });
  writable.enable();
  patience.start(patience_ms);
  const base::Result<loop::Nothing> came = co_await ready.result();
  if (!came) co_return std::unexpected(came.error());
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) co_return std::unexpected(error_of(error));
  writable.disable();
  co_return socket;
}

}  // namespace

loop::Task<Connection> connect_to_one(loop::Loop& loop, std::vector<policy::Address> addresses,
                                      std::uint16_t port, std::int64_t patience_ms) {
  const base::SystemClock clock;
  const std::int64_t end = clock.steady_ms() + patience_ms;
  base::Error last = error_of(ETIMEDOUT);
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const std::int64_t left = end - clock.steady_ms();
    if (left <= 0) break;
    const std::int64_t mine = i + 1 < addresses.size() ? std::min(left, kNextAddressMs) : left;
    base::Result<base::Fd> socket = co_await loop::attempt(connect_to(loop, addresses[i], port, mine));
    if (socket) {
      Connection made{.socket = std::move(*socket), .to = addresses[i]};
      co_return made;
    }
    last = socket.error();
  }
  co_return std::unexpected(last);
}

}  // namespace mcpbox::dialer
