// Run by the launcher (root), once.  Trusts its parent, which is the machine's init, but looks at what it was
// given: a gateway that listens on anything else than a loopback address would be a way around the rules.
#include "privsep/launcher/activation.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>

namespace mcpbox::launcher {
namespace {

constexpr int kFirst = 3;
constexpr int kMost = 8;  // wire::kMaxListeners

std::optional<int> number_in(const char* variable) {
  const char* const value = std::getenv(variable);
  if (value == nullptr) return std::nullopt;
  const std::string_view text(value);
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

int option(int socket, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  return getsockopt(socket, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

// "127.0.0.1:8000" or "[::1]:8000"; nothing for any other kind of address.
std::optional<std::string> address_of(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return std::nullopt;
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    return std::string(text.data()) + ":" + std::to_string(ntohs(v4.sin_port));
  }
  if (address.ss_family != AF_INET6) return std::nullopt;
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
  inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
  return "[" + std::string(text.data()) + "]:" + std::to_string(ntohs(v6.sin6_port));
}

bool same(const Endpoint& a, const Endpoint& b) {
  if (a.family != b.family) return false;
  if (a.family == AF_INET)
    return a.v4.sin_addr.s_addr == b.v4.sin_addr.s_addr && a.v4.sin_port == b.v4.sin_port;
  return IN6_ARE_ADDR_EQUAL(&a.v6.sin6_addr, &b.v6.sin6_addr) && a.v6.sin6_port == b.v6.sin6_port;
}

bool set_flags(int socket) {
  const int flags = fcntl(socket, F_GETFL);
  return flags >= 0 && fcntl(socket, F_SETFL, flags | O_NONBLOCK) == 0 &&
         fcntl(socket, F_SETFD, FD_CLOEXEC) == 0;
}

}  // namespace

Outcome<std::vector<Inherited>> take_inherited() {
  std::vector<Inherited> all;
  if (number_in("LISTEN_PID") != getpid()) return all;
  const int count = number_in("LISTEN_FDS").value_or(0);
  if (count < 0 || count > kMost) return refuse("LISTEN_FDS is not a number from 0 to 8");
  for (int at = kFirst; at < kFirst + count; ++at) {
    base::Fd socket(at);
    const std::string name = "the inherited descriptor " + std::to_string(at);
    if (option(at, SO_ACCEPTCONN) != 1 || option(at, SO_TYPE) != SOCK_STREAM)
      return refuse(name + " is no listening socket");
    const std::optional<std::string> address = address_of(at);
    std::optional<Endpoint> endpoint = address ? parse_endpoint(*address) : std::nullopt;
    if (!endpoint)
      return refuse(name + " listens on " + address.value_or("no network") +
                    ": only loopback addresses are served");
    if (!set_flags(at)) return refuse_errno("cannot take over " + name);
    all.push_back({std::move(socket), std::move(*endpoint)});
  }
  return all;
}

base::Fd take_for(const Endpoint& endpoint, std::vector<Inherited>& inherited) {
  const auto found = std::ranges::find_if(
      inherited, [&endpoint](const Inherited& one) { return same(one.endpoint, endpoint); });
  if (found == inherited.end()) return {};
  base::Fd socket = std::move(found->socket);
  inherited.erase(found);
  return socket;
}

}  // namespace mcpbox::launcher
