// Run by the launcher (root).  Writes a few fixed words to a socket of its parent's; reads nothing.
#include "privsep/launcher/notify.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace mcpbox::launcher {

Notify Notify::from_environment() {
  Notify notify;
  const char* const name = std::getenv("NOTIFY_SOCKET");
  const std::size_t length = name == nullptr ? 0 : std::strlen(name);
  sockaddr_un address{};
  if (length < 2 || length >= sizeof address.sun_path || (name[0] != '/' && name[0] != '@')) return notify;
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name, length);
  if (name[0] == '@') address.sun_path[0] = '\0';
  base::Fd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  if (socket && connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0)
    notify.socket_ = std::move(socket);
  return notify;
}

void Notify::tell(std::string_view state) const {
  if (socket_) send(socket_.get(), state.data(), state.size(), MSG_NOSIGNAL);
}

}  // namespace mcpbox::launcher
