// Runs in mcpboxctl.
#include "admin/ctl/local_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace mcpbox::ctl {
namespace {

std::unexpected<Failure> unreachable(std::string text) {
  return std::unexpected(Failure{base::Why::kBroken, std::move(text), false});
}

std::string why_not_connected(const std::string& path, int problem) {
  if (problem == ENOENT) return "no socket at " + path + ": is MCPbox running, and is this its state folder?";
  if (problem == ECONNREFUSED) return "nobody listens at " + path + ": MCPbox is not running";
  if (problem == EACCES) return "this user may not open " + path;
  return "cannot connect to " + path + ": " + std::strerror(problem);
}

}  // namespace

Answer<base::Fd> connect_local(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // Through the open folder where the path is longer than a socket's name can be.
  const std::size_t slash = path.rfind('/');
  const base::Fd folder(path.size() < sizeof(address.sun_path) || slash == std::string::npos
                            ? -1
                            : ::open(path.substr(0, slash).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const std::string name =
      folder ? "/proc/self/fd/" + std::to_string(folder.get()) + path.substr(slash) : path;
  if (name.size() >= sizeof(address.sun_path))
    return unreachable("the name of the socket is too long for the kernel: " + path);
  name.copy(address.sun_path, name.size());
  base::Fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return unreachable("no socket: " + std::string(std::strerror(errno)));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
    return unreachable(why_not_connected(path, errno));
  return socket;
}

}  // namespace mcpbox::ctl
